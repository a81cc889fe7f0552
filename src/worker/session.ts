import { WebVeraError } from '../core/error';
import type { ResolvedGenerationConfig } from '../core/generation';
import type { AdapterFiles, MemoryReport } from '../core/model';
import type { Tensor } from '../core/tensor';
import type { Example, PauseReason, TrainOutput } from '../core/training';
import { openStore } from '../store/open_store';
import { toBytes, toFiles } from './adapter_files';
import { AdapterShelf } from './adapter_shelf';
import { Calls } from './calls';
import { SessionDevice } from './device';
import type * as Wire from './protocol';
import { SessionAdapters } from './session_adapters';
import { SessionModels } from './session_models';
import { SessionTraining } from './session_training';
import type { VeraState } from './vera_state';

interface Opened {
  readonly models: SessionModels;
  readonly adapters: SessionAdapters;
  readonly training: SessionTraining;
  readonly shelf: AdapterShelf;
}

type Change = (vera: VeraState, signal: AbortSignal) => Promise<void>;

/** One session: what the worker does for its page. A plain class, which also runs in the caller's own thread. */
export class WorkerSessionImpl implements Wire.WorkerSession {
  readonly #host: Wire.SessionHost;
  readonly #calls: Calls;
  readonly #device: SessionDevice;
  #opened: Opened | undefined;

  constructor(host: Wire.SessionHost) {
    this.#host = host;
    this.#calls = new Calls((state) => host.emit({ type: 'state', state }));
    this.#device = new SessionDevice(host.gpu, ({ code, message }) => host.emit({ type: 'warning', code, message }));
  }

  async open(options: Wire.OpenOptions): Promise<void> {
    const onFallback = (reason: string): void =>
      this.#host.emit({
        type: 'warning',
        code: 'storage_unavailable',
        message: `Adapters are kept in memory only: ${reason}`,
      });
    const shelf = new AdapterShelf(openStore({ kind: options.store, onFallback }));
    const models = new SessionModels(this.#host, options);
    const warn = (warning: { code: string; message: string }): void => this.#host.emit({ type: 'warning', ...warning });
    this.#opened = {
      models,
      shelf,
      adapters: new SessionAdapters(models, shelf, warn),
      training: new SessionTraining(this.#host, models),
    };
  }

  async close(): Promise<void> {
    this.#calls.cancelAll();
    await this.#device.close().catch(() => {});
    await this.#opened?.shelf.close().catch(() => {});
  }

  async cancel(call: Wire.CallId): Promise<void> {
    this.#calls.cancel(call);
  }

  // ── models and tokenizers ──

  loadModel(call: Wire.CallId, source: Wire.WireSource, options: Wire.LoadOptions): Promise<Wire.ModelInfo> {
    return this.#calls.run(call, async (signal) => {
      const { models } = this.#parts();
      const executor = await this.#device.executor();
      return models.load(executor, call, models.open(call, source, options, signal), options, signal);
    });
  }

  loadTokenizer(call: Wire.CallId, source: Wire.WireSource, options: Wire.LoadOptions): Promise<Wire.TokenizerInfo> {
    return this.#calls.run(call, (signal) => {
      const { models } = this.#parts();
      return models.loadTokenizer(models.open(call, source, options, signal));
    });
  }

  async encode(tokenizer: Wire.Handle, text: string, options: Wire.EncodeOptions): Promise<number[]> {
    return this.#parts().models.tokenizers.get(tokenizer).encode(text, options);
  }

  async decode(tokenizer: Wire.Handle, ids: readonly number[], options: Wire.DecodeOptions): Promise<string> {
    return this.#parts().models.tokenizers.get(tokenizer).decode(ids, options);
  }

  forward(call: Wire.CallId, handle: Wire.Handle, inputs: Wire.WireInputs): Promise<Wire.ForwardResult> {
    return this.#calls.run(call, (signal) => {
      const { model, applied } = this.#parts().models.find(handle);
      return model.jobs.run(applied.key, signal, () => model.forward(inputs, applied));
    });
  }

  generate(
    call: Wire.CallId,
    handle: Wire.Handle,
    prompt: string | readonly number[],
    config: ResolvedGenerationConfig,
  ): Promise<string> {
    return this.#calls.run(call, (signal) => {
      const { model, applied } = this.#parts().models.find(handle);
      const onToken = (token: { token_id: number; text: string }): void =>
        this.#host.emit({ type: 'token', call, ...token });
      return model.jobs.run(applied.key, signal, (ending) => model.generate(prompt, config, applied, onToken, ending));
    });
  }

  stateDict(
    call: Wire.CallId,
    handle: Wire.Handle,
    names: readonly string[] | undefined,
  ): Promise<Map<string, Tensor>> {
    return this.#calls.run(call, (signal) => {
      const base = this.#parts().models.base(handle);
      return base.jobs.run('base', signal, () => base.stateDict(names));
    });
  }

  async memory(handle: Wire.Handle): Promise<MemoryReport> {
    this.#parts().models.base(handle);
    const { bytes, peakBytes, buffers } = (await this.#device.executor()).usage();
    return { gpu_bytes: bytes, peak_gpu_bytes: peakBytes, buffers };
  }

  disposeModel(handle: Wire.Handle): Promise<void> {
    return this.#parts().models.dispose(handle);
  }

  async disposeTokenizer(tokenizer: Wire.Handle): Promise<void> {
    this.#parts().models.tokenizers.delete(tokenizer);
  }

  // ── VeRA ──

  createVera(
    handle: Wire.Handle,
    name: string,
    config: Wire.VeraConfigFields,
    options: Wire.WireAdapterOptions,
  ): Promise<Wire.VeraInfo> {
    return this.#newVera(undefined, handle, (vera) => this.#parts().adapters.create(vera, name, config, options));
  }

  loadVera(
    call: Wire.CallId,
    handle: Wire.Handle,
    name: string,
    source: Wire.WireAdapterSource,
    options: Wire.LoadAdapterOptions,
  ): Promise<Wire.VeraInfo> {
    return this.#newVera(call, handle, this.#loading(call, name, source, options));
  }

  async dropVera(handle: Wire.Handle): Promise<void> {
    const { models } = this.#parts();
    const vera = models.vera(handle);
    models.models.delete(handle);
    await vera.dispose();
  }

  addAdapter(
    handle: Wire.Handle,
    name: string,
    config: Wire.VeraConfigFields,
    options: Wire.WireAdapterOptions,
  ): Promise<Wire.VeraInfo> {
    return this.#changeVera(undefined, handle, (vera) => this.#parts().adapters.create(vera, name, config, options));
  }

  loadAdapter(
    call: Wire.CallId,
    handle: Wire.Handle,
    name: string,
    source: Wire.WireAdapterSource,
    options: Wire.LoadAdapterOptions,
  ): Promise<Wire.VeraInfo> {
    return this.#changeVera(call, handle, this.#loading(call, name, source, options));
  }

  setAdapter(handle: Wire.Handle, name: string): Promise<Wire.VeraInfo> {
    return this.#changeVera(undefined, handle, async (vera) => vera.activate(name));
  }

  deleteAdapter(handle: Wire.Handle, name: string): Promise<Wire.VeraInfo> {
    return this.#changeVera(undefined, handle, (vera) => vera.delete(name));
  }

  async enableAdapters(handle: Wire.Handle, enabled: boolean): Promise<void> {
    this.#parts().models.vera(handle).enable(enabled);
  }

  saveAdapter(handle: Wire.Handle, options: Wire.SaveAdapterOptions): Promise<AdapterFiles> {
    return this.#calls.run(undefined, () => {
      const { models, adapters } = this.#parts();
      return adapters.save(models.vera(handle), options);
    });
  }

  // ── training ──

  train(call: Wire.CallId, request: Wire.TrainRequest): Promise<TrainOutput> {
    return this.#calls.run(call, (signal) => this.#parts().training.train(call, request, signal));
  }

  evaluate(call: Wire.CallId, request: Wire.EvaluateRequest): Promise<Wire.Evaluation> {
    return this.#calls.run(call, (signal) => this.#parts().training.evaluate(call, request, signal));
  }

  async pushExamples(call: Wire.CallId, examples: readonly Example[], done: boolean): Promise<void> {
    this.#parts().training.pushExamples(call, examples, done);
  }

  pauseTraining(run: Wire.CallId, reason: PauseReason): Promise<void> {
    return this.#parts().training.pause(run, reason);
  }

  async resumeTraining(run: Wire.CallId, reason: PauseReason): Promise<void> {
    this.#parts().training.resume(run, reason);
  }

  async controlTraining(run: Wire.CallId, control: Wire.ControlRequest): Promise<void> {
    this.#parts().training.control(run, control);
  }

  // ── adapters stored on this device ──

  listStored(): Promise<readonly Wire.StoredAdapter[]> {
    return this.#parts().shelf.list();
  }

  async getStored(id: string): Promise<AdapterFiles | undefined> {
    const bytes = await this.#parts().shelf.get(id);
    return bytes === undefined ? undefined : toFiles(bytes);
  }

  async importStored(files: AdapterFiles, id: string): Promise<Wire.StoredAdapter> {
    const { shelf, models } = this.#parts();
    return shelf.set(id, await toBytes(files, models.limits));
  }

  deleteStored(id: string): Promise<void> {
    return this.#parts().shelf.delete(id);
  }

  #parts(): Opened {
    if (this.#opened !== undefined) return this.#opened;
    throw new WebVeraError('internal', 'The session was used before it was opened');
  }

  /** Fills a VeRA model with an adapter from its files. */
  #loading(call: Wire.CallId, name: string, source: Wire.WireAdapterSource, options: Wire.LoadAdapterOptions): Change {
    return async (vera, signal) => {
      const { adapters } = this.#parts();
      await adapters.load(vera, name, await adapters.read(call, source, options, signal), options);
    };
  }

  #newVera(call: Wire.CallId | undefined, handle: Wire.Handle, fill: Change): Promise<Wire.VeraInfo> {
    return this.#calls.run(call, (signal) => {
      const { models, adapters } = this.#parts();
      const base = models.base(handle);
      return base.jobs.run('new', signal, async (ending) => {
        const vera = adapters.newState(await this.#device.executor(), base);
        await fill(vera, ending);
        return vera.info(models.models.add(vera));
      });
    });
  }

  #changeVera(call: Wire.CallId | undefined, handle: Wire.Handle, change: Change): Promise<Wire.VeraInfo> {
    return this.#calls.run(call, (signal) => {
      const vera = this.#parts().models.vera(handle);
      return vera.base.jobs.run('change', signal, async (ending) => {
        await change(vera, ending);
        return vera.info(handle);
      });
    });
  }
}
