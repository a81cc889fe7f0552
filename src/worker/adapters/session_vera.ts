import { WebVeraError } from '../../core/errors/error';
import type { AdapterFiles } from '../../core/types/model';
import type { Tensor } from '../../core/types/tensor';
import type { LoadedModels } from '../models/loaded_models';
import type * as Wire from '../protocol';
import type { Calls } from '../rpc/calls';
import type { Ready } from '../rpc/ready';
import type { Merging } from './prepare_merge';
import type { SessionAdapters } from './session_adapters';
import { veraInfo } from './vera_info';
import { VeraState } from './vera_state';

type Fill = (vera: VeraState, signal: AbortSignal) => Promise<void>;
type Change<T = void> = (vera: VeraState, signal: AbortSignal, ready: Ready) => Promise<T>;

/** What a session does with VeRA models, by their handles. Changes of one model come one after the other. */
export class SessionVera implements Wire.AdapterCalls {
  readonly #host: Wire.SessionHost;
  readonly #calls: Calls;
  readonly #models: LoadedModels;
  readonly #adapters: SessionAdapters;

  constructor(host: Wire.SessionHost, calls: Calls, models: LoadedModels, adapters: SessionAdapters) {
    this.#host = host;
    this.#calls = calls;
    this.#models = models;
    this.#adapters = adapters;
  }

  createVera(
    handle: Wire.Handle,
    name: string,
    config: Wire.VeraConfigFields,
    options: Wire.WireAdapterOptions,
  ): Promise<Wire.VeraInfo> {
    return this.#begin(undefined, handle, (vera) => this.#adapters.create(vera, name, config, options));
  }

  loadVera(
    call: Wire.CallId,
    handle: Wire.Handle,
    name: string,
    source: Wire.WireAdapterSource,
    options: Wire.LoadAdapterOptions,
  ): Promise<Wire.VeraInfo> {
    return this.#begin(call, handle, async (vera, signal) => {
      await this.#adapters.load(vera, name, await this.#adapters.read(call, source, options, signal), options);
    });
  }

  keepAdapter(handle: Wire.Handle, name: string): Promise<Wire.KeptAdapter> {
    return this.#calls.run(undefined, () => this.#adapters.keep(this.#vera(handle), name));
  }

  reviveVera(
    handle: Wire.Handle,
    kept: readonly Wire.KeptAdapter[],
    active: readonly string[],
  ): Promise<Wire.VeraInfo> {
    return this.#begin(undefined, handle, async (vera) => {
      for (const adapter of kept) await this.#adapters.revive(vera, adapter);
      await vera.activate(active);
    });
  }

  loadConfig(
    call: Wire.CallId,
    source: Wire.WireAdapterSource,
    options: Wire.LoadOptions,
  ): Promise<Wire.VeraConfigFields> {
    return this.#calls.run(call, (signal) => this.#adapters.readConfig(call, source, options, signal));
  }

  async dropVera(handle: Wire.Handle): Promise<void> {
    const vera = this.#vera(handle);
    this.#models.delete(handle);
    await vera.dispose();
  }

  addAdapter(
    handle: Wire.Handle,
    name: string,
    config: Wire.VeraConfigFields,
    options: Wire.WireAdapterOptions,
  ): Promise<Wire.VeraInfo> {
    return this.#change(undefined, handle, (vera) => this.#adapters.create(vera, name, config, options));
  }

  /** Others may change the model while its files are read. */
  loadAdapter(
    call: Wire.CallId,
    handle: Wire.Handle,
    name: string,
    source: Wire.WireAdapterSource,
    options: Wire.LoadAdapterOptions,
  ): Promise<Wire.VeraInfo> {
    return this.#calls.run(call, async (signal) => {
      const { base } = this.#vera(handle);
      return base.jobs.run('change', signal, async (ending) => {
        const bytes = await this.#adapters.read(call, source, options, ending);
        return this.#inTurn(call, handle, ending, async (vera, _, ready) => {
          await this.#adapters.load(vera, name, bytes, options, ready);
          return veraInfo(vera, handle);
        });
      });
    });
  }

  addWeightedAdapter(
    handle: Wire.Handle,
    name: string,
    parts: readonly Wire.WeightedAdapter[],
  ): Promise<Wire.VeraInfo> {
    return this.#change(undefined, handle, async (vera, signal) => {
      await this.#still(
        vera,
        signal,
        parts.map(({ adapter_name }) => adapter_name),
      );
      await this.#adapters.addWeighted(vera, name, parts);
    });
  }

  setAdapter(handle: Wire.Handle, names: readonly string[]): Promise<Wire.VeraInfo> {
    return this.#change(undefined, handle, (vera) => vera.activate(names));
  }

  deleteAdapter(handle: Wire.Handle, name: string): Promise<Wire.VeraInfo> {
    return this.#change(undefined, handle, (vera) => vera.delete(name));
  }

  async enableAdapters(handle: Wire.Handle, enabled: boolean): Promise<void> {
    this.#vera(handle).enable(enabled);
  }

  mergeAdapters(call: Wire.CallId, handle: Wire.Handle, request: Wire.MergeRequest): Promise<Wire.VeraInfo> {
    return this.#change(call, handle, async (vera, signal, ready) => {
      await this.#still(vera, signal, request.adapter_names ?? vera.active);
      await vera.merge(this.#merging(call, request, signal), ready);
    });
  }

  unmergeAdapters(handle: Wire.Handle): Promise<Wire.VeraInfo> {
    return this.#change(undefined, handle, (vera) => vera.unmerge());
  }

  unloadVera(call: Wire.CallId, handle: Wire.Handle, request: Wire.MergeRequest | undefined): Promise<Wire.ModelInfo> {
    return this.#run(call, handle, async (vera, signal, ready) => {
      await this.#still(vera, signal);
      const model = await vera.unload(request && this.#merging(call, request, signal), ready);
      await this.dropVera(handle);
      return this.#models.info(model);
    });
  }

  async deltaWeight(handle: Wire.Handle, module: string, adapter: string | undefined): Promise<Tensor> {
    return this.#run(undefined, handle, (vera) => vera.deltaWeight(module, adapter));
  }

  saveAdapter(handle: Wire.Handle, options: Wire.SaveAdapterOptions): Promise<AdapterFiles> {
    return this.#calls.run(undefined, () => this.#adapters.save(this.#vera(handle), options));
  }

  saveLora(handle: Wire.Handle, parts: readonly Wire.WeightedAdapter[] | undefined): Promise<AdapterFiles> {
    return this.#calls.run(undefined, () => this.#adapters.saveLora(this.#vera(handle), parts));
  }

  #vera(handle: Wire.Handle): VeraState {
    const loaded = this.#models.get(handle);
    if (loaded instanceof VeraState) return loaded;
    throw new WebVeraError('invalid_argument', 'Expected a model with adapters, got a base model', {
      hint: 'Make one with get_peft_model or VeraModel.from_pretrained.',
    });
  }

  /** Resolves once no run moves that trains one of these adapters, or any of the model's: what is taken of them is what it comes to. */
  #still(vera: VeraState, signal: AbortSignal, names?: readonly string[]): Promise<void> {
    const adapters = names?.map((name) => vera.adapter(name)) ?? vera.adapters;
    return this.#models.training.still(adapters, signal);
  }

  #merging(call: Wire.CallId, { adapter_names, safe_merge }: Wire.MergeRequest, signal: AbortSignal): Merging {
    const onProgress = (done: number, total: number): void => this.#host.emit({ type: 'merge', call, done, total });
    return { names: adapter_names, safe: safe_merge, signal, onProgress };
  }

  #begin(call: Wire.CallId | undefined, handle: Wire.Handle, fill: Fill): Promise<Wire.VeraInfo> {
    return this.#calls.run(call, (signal) => {
      const base = this.#models.base(handle);
      return base.jobs.run('new', signal, async (ending) => {
        const vera = this.#adapters.newState(base);
        await fill(vera, ending);
        return veraInfo(vera, this.#models.add(vera));
      });
    });
  }

  #change(call: Wire.CallId | undefined, handle: Wire.Handle, change: Change): Promise<Wire.VeraInfo> {
    return this.#run(call, handle, async (vera, signal, ready) => {
      await change(vera, signal, ready);
      return veraInfo(vera, handle);
    });
  }

  #run<T>(call: Wire.CallId | undefined, handle: Wire.Handle, change: Change<T>): Promise<T> {
    return this.#calls.run(call, async (signal) => {
      const { base } = this.#vera(handle);
      return base.jobs.run('change', signal, (ending) => this.#inTurn(call, handle, ending, change));
    });
  }

  /** Changes of one model come one after the other; what was unloaded meanwhile is no more. */
  #inTurn<T>(call: Wire.CallId | undefined, handle: Wire.Handle, signal: AbortSignal, change: Change<T>): Promise<T> {
    return this.#vera(handle).inTurn(() => {
      signal.throwIfAborted();
      return change(this.#vera(handle), signal, () => this.#calls.ready(call, signal));
    });
  }
}
