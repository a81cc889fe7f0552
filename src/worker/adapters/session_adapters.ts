import { WebVeraError } from '../../core/errors/error';
import type { AdapterFiles } from '../../core/types/model';
import type { Tensor } from '../../core/types/tensor';
import type { LoadedModels } from '../models/loaded_models';
import type * as Wire from '../protocol';
import type { Calls } from '../rpc/calls';
import type { Ready } from '../rpc/ready';
import type { AdapterLoader } from './adapter_loader';
import { adaptersInfo } from './adapters_info';
import { ModelAdapters } from './model_adapters';
import type { Merging } from './prepare_merge';

type Fill = (model: ModelAdapters, signal: AbortSignal) => Promise<void>;
type Change<T = void> = (model: ModelAdapters, signal: AbortSignal, ready: Ready) => Promise<T>;

/** The calls about models with adapters, by their handles. Changes of one model come one after the other. */
export class SessionAdapters implements Wire.AdapterCalls {
  readonly #host: Wire.SessionHost;
  readonly #calls: Calls;
  readonly #models: LoadedModels;
  readonly #loader: AdapterLoader;

  constructor(host: Wire.SessionHost, calls: Calls, models: LoadedModels, loader: AdapterLoader) {
    this.#host = host;
    this.#calls = calls;
    this.#models = models;
    this.#loader = loader;
  }

  createAdapters(
    handle: Wire.Handle,
    name: string,
    config: Wire.AdapterConfigFields,
    options: Wire.WireAdapterOptions,
  ): Promise<Wire.AdaptersInfo> {
    return this.#begin(undefined, handle, (model) => this.#loader.create(model, name, config, options));
  }

  loadAdapters(
    call: Wire.CallId,
    handle: Wire.Handle,
    name: string,
    source: Wire.WireAdapterSource,
    options: Wire.LoadAdapterOptions,
  ): Promise<Wire.AdaptersInfo> {
    return this.#begin(call, handle, async (model, signal) => {
      await this.#loader.load(model, name, await this.#loader.read(call, source, options, signal), options);
    });
  }

  keepAdapter(handle: Wire.Handle, name: string): Promise<Wire.KeptAdapter> {
    return this.#calls.run(undefined, () => this.#loader.keep(this.#model(handle), name));
  }

  reviveAdapters(
    handle: Wire.Handle,
    kept: readonly Wire.KeptAdapter[],
    active: readonly string[],
  ): Promise<Wire.AdaptersInfo> {
    return this.#begin(undefined, handle, async (model) => {
      for (const adapter of kept) await this.#loader.revive(model, adapter);
      await model.activate(active);
    });
  }

  loadConfig(
    call: Wire.CallId,
    source: Wire.WireAdapterSource,
    options: Wire.LoadOptions,
  ): Promise<Wire.AdapterConfigFields> {
    return this.#calls.run(call, (signal) => this.#loader.readConfig(call, source, options, signal));
  }

  async dropAdapters(handle: Wire.Handle): Promise<void> {
    const model = this.#model(handle);
    this.#models.delete(handle);
    await model.dispose();
  }

  addAdapter(
    handle: Wire.Handle,
    name: string,
    config: Wire.AdapterConfigFields,
    options: Wire.WireAdapterOptions,
  ): Promise<Wire.AdaptersInfo> {
    return this.#change(undefined, handle, (model) => this.#loader.create(model, name, config, options));
  }

  /** Others may change the model while its files are read. */
  loadAdapter(
    call: Wire.CallId,
    handle: Wire.Handle,
    name: string,
    source: Wire.WireAdapterSource,
    options: Wire.LoadAdapterOptions,
  ): Promise<Wire.AdaptersInfo> {
    return this.#calls.run(call, async (signal) => {
      const { base } = this.#model(handle);
      return base.jobs.run('change', signal, async (ending) => {
        const bytes = await this.#loader.read(call, source, options, ending);
        return this.#inTurn(call, handle, ending, async (model, _, ready) => {
          await this.#loader.load(model, name, bytes, options, ready);
          return adaptersInfo(model, handle);
        });
      });
    });
  }

  addWeightedAdapter(
    handle: Wire.Handle,
    name: string,
    parts: readonly Wire.WeightedAdapter[],
  ): Promise<Wire.AdaptersInfo> {
    return this.#change(undefined, handle, async (model, signal) => {
      await this.#still(
        model,
        signal,
        parts.map(({ adapter_name }) => adapter_name),
      );
      await this.#loader.addWeighted(model, name, parts);
    });
  }

  setAdapter(handle: Wire.Handle, names: readonly string[]): Promise<Wire.AdaptersInfo> {
    return this.#change(undefined, handle, (model) => model.activate(names));
  }

  deleteAdapter(handle: Wire.Handle, name: string): Promise<Wire.AdaptersInfo> {
    return this.#change(undefined, handle, (model) => model.delete(name));
  }

  async enableAdapters(handle: Wire.Handle, enabled: boolean): Promise<void> {
    this.#model(handle).enable(enabled);
  }

  mergeAdapters(call: Wire.CallId, handle: Wire.Handle, request: Wire.MergeRequest): Promise<Wire.AdaptersInfo> {
    return this.#change(call, handle, async (model, signal, ready) => {
      await this.#still(model, signal, request.adapter_names ?? model.active);
      await model.merge(this.#merging(call, request, signal), ready);
    });
  }

  unmergeAdapters(handle: Wire.Handle): Promise<Wire.AdaptersInfo> {
    return this.#change(undefined, handle, (model) => model.unmerge());
  }

  unloadAdapters(
    call: Wire.CallId,
    handle: Wire.Handle,
    request: Wire.MergeRequest | undefined,
  ): Promise<Wire.ModelInfo> {
    return this.#run(call, handle, async (model, signal, ready) => {
      await this.#still(model, signal);
      const unloaded = await model.unload(request && this.#merging(call, request, signal), ready);
      await this.dropAdapters(handle);
      return this.#models.info(unloaded);
    });
  }

  async deltaWeight(handle: Wire.Handle, module: string, adapter: string | undefined): Promise<Tensor> {
    return this.#run(undefined, handle, (model) => model.deltaWeight(module, adapter));
  }

  saveAdapter(handle: Wire.Handle, options: Wire.SaveAdapterOptions): Promise<AdapterFiles> {
    return this.#calls.run(undefined, () => this.#loader.save(this.#model(handle), options));
  }

  saveConverted(
    handle: Wire.Handle,
    peft_type: string,
    parts: readonly Wire.WeightedAdapter[] | undefined,
  ): Promise<AdapterFiles> {
    return this.#calls.run(undefined, () => this.#loader.saveConverted(this.#model(handle), peft_type, parts));
  }

  #model(handle: Wire.Handle): ModelAdapters {
    const loaded = this.#models.get(handle);
    if (loaded instanceof ModelAdapters) return loaded;
    throw new WebVeraError('invalid_argument', 'Expected a model with adapters, got a base model', {
      hint: 'Make one with get_peft_model or PeftModel.from_pretrained.',
    });
  }

  /** Resolves once no run moves that trains one of these adapters, or any of the model's: what is taken of them is what it comes to. */
  #still(model: ModelAdapters, signal: AbortSignal, names?: readonly string[]): Promise<void> {
    const adapters = names?.map((name) => model.adapter(name)) ?? model.adapters;
    return this.#models.training.still(adapters, signal);
  }

  #merging(call: Wire.CallId, { adapter_names, safe_merge }: Wire.MergeRequest, signal: AbortSignal): Merging {
    const onProgress = (done: number, total: number): void => this.#host.emit({ type: 'merge', call, done, total });
    return { names: adapter_names, safe: safe_merge, signal, onProgress };
  }

  #begin(call: Wire.CallId | undefined, handle: Wire.Handle, fill: Fill): Promise<Wire.AdaptersInfo> {
    return this.#calls.run(call, (signal) => {
      const base = this.#models.base(handle);
      return base.jobs.run('new', signal, async (ending) => {
        const model = this.#loader.open(base);
        await fill(model, ending);
        return adaptersInfo(model, this.#models.add(model));
      });
    });
  }

  #change(call: Wire.CallId | undefined, handle: Wire.Handle, change: Change): Promise<Wire.AdaptersInfo> {
    return this.#run(call, handle, async (model, signal, ready) => {
      await change(model, signal, ready);
      return adaptersInfo(model, handle);
    });
  }

  #run<T>(call: Wire.CallId | undefined, handle: Wire.Handle, change: Change<T>): Promise<T> {
    return this.#calls.run(call, async (signal) => {
      const { base } = this.#model(handle);
      return base.jobs.run('change', signal, (ending) => this.#inTurn(call, handle, ending, change));
    });
  }

  /** Changes of one model come one after the other; what was unloaded meanwhile is no more. */
  #inTurn<T>(call: Wire.CallId | undefined, handle: Wire.Handle, signal: AbortSignal, change: Change<T>): Promise<T> {
    return this.#model(handle).inTurn(() => {
      signal.throwIfAborted();
      return change(this.#model(handle), signal, () => this.#calls.ready(call, signal));
    });
  }
}
