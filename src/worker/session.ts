import { WebVeraError } from '../core/error';
import type { BatchToken, ResolvedGenerationConfig } from '../core/generation';
import type { KernelChoice } from '../core/kernel_choice';
import type { AdapterFiles, MemoryReport } from '../core/model';
import type { RunControl } from '../core/run';
import { TabLocks } from '../core/tab_locks';
import type { Tensor } from '../core/tensor';
import type { Example, PauseReason, TrainOutput } from '../core/training';
import { openStore } from '../store/open_store';
import { tellFirst } from '../store/tell_first';
import { SessionAdapters } from './adapters/session_adapters';
import { SessionVera } from './adapters/session_vera';
import { SessionDevice } from './models/device';
import { exportModel } from './models/export_model';
import { generateTexts } from './models/generate_texts';
import { SessionKernels } from './models/session_kernels';
import { SessionModels } from './models/session_models';
import type * as Wire from './protocol';
import { Calls } from './rpc/calls';
import { SessionTraining } from './runs/session_training';
import { SessionStorage } from './storage/session_storage';

interface Opened {
  readonly models: SessionModels;
  readonly vera: SessionVera;
  readonly training: SessionTraining;
  readonly storage: SessionStorage;
  readonly kernels: SessionKernels;
}

/** One session: what the worker does for its page. A plain class, which also runs in the caller's own thread. */
export class WorkerSessionImpl implements Wire.WorkerSession {
  readonly #host: Wire.SessionHost;
  readonly #calls: Calls;
  readonly #device: SessionDevice;
  #opened: Opened | undefined;

  constructor(host: Wire.SessionHost) {
    this.#host = host;
    this.#calls = new Calls((event) => host.emit(event));
    this.#device = new SessionDevice(
      host.gpu,
      ({ message }) => host.emit({ type: 'lost', message }),
      (device) => this.#parts().kernels.begin(device),
    );
  }

  async open(options: Wire.OpenOptions): Promise<void> {
    const onFallback = (reason: string): void =>
      this.#host.emit({
        type: 'warning',
        code: 'storage_unavailable',
        message: `What is saved is kept in memory only: ${reason}`,
      });
    const warn = (warning: { code: string; message: string }): void => this.#host.emit({ type: 'warning', ...warning });
    const store = openStore({ kind: options.store, onFallback });
    const kernels = new SessionKernels(options.kernels, store, warn);
    const models = new SessionModels(this.#host, options);
    const locks = new TabLocks(globalThis.navigator?.locks, 'webvera:run:');
    const made = tellFirst(store, () => this.#host.emit({ type: 'kept' }));
    const storage = new SessionStorage(made, models, locks, warn);
    this.#opened = {
      models,
      storage,
      kernels,
      vera: new SessionVera(this.#host, this.#calls, models, new SessionAdapters(models, storage.adapters, warn)),
      training: new SessionTraining(this.#host, models, kernels, { store: storage.checkpoints, locks, warn }),
    };
  }

  async close(): Promise<void> {
    this.#calls.cancelAll();
    await this.#device.close().catch(() => {});
    await this.#opened?.storage.close().catch(() => {});
  }

  async seal(): Promise<void> {
    this.#parts().models.seal();
    this.#host.seal?.();
  }

  async kernels(): Promise<KernelChoice> {
    await this.#device.open();
    return this.#parts().kernels.choice();
  }

  async cancel(call: Wire.CallId): Promise<void> {
    this.#calls.cancel(call);
  }

  async commit(call: Wire.CallId): Promise<void> {
    this.#calls.commit(call);
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
      const { model, overlay } = this.#parts().models.findRows(handle, inputs.adapter_names, inputs.input_ids.dims[0]);
      return model.jobs.run(overlay.key, signal, () => model.forward(inputs, overlay));
    });
  }

  generate(
    call: Wire.CallId,
    handle: Wire.Handle,
    prompts: readonly Wire.Prompt[],
    config: ResolvedGenerationConfig,
  ): Promise<string[]> {
    return this.#calls.run(call, (signal) => {
      const { models } = this.#parts();
      const { adapter_name, adapter_names } = config;
      const { model, overlay } =
        adapter_names === undefined
          ? models.find(handle, adapter_name)
          : models.findRows(handle, adapter_names, prompts.length);
      const onToken = (token: BatchToken): void => this.#host.emit({ type: 'token', call, ...token });
      return model.jobs.run(overlay.key, signal, (ending) =>
        generateTexts(model, { prompts, config, overlay, onToken, signal: ending }),
      );
    });
  }

  stateDict(
    call: Wire.CallId,
    handle: Wire.Handle,
    names: readonly string[] | undefined,
  ): Promise<Map<string, Tensor>> {
    return this.#calls.run(call, (signal) => {
      const { model, overlay } = this.#parts().models.find(handle);
      return model.jobs.run(overlay.key, signal, () => model.stateDict(names, overlay));
    });
  }

  exportModel(call: Wire.CallId, handle: Wire.Handle): Promise<Map<string, Blob>> {
    return this.#calls.run(call, (signal) => {
      const { model, overlay } = this.#parts().models.find(handle);
      return model.jobs.run(overlay.key, signal, (ending) => exportModel(model, overlay, ending));
    });
  }

  async memory(handle: Wire.Handle): Promise<MemoryReport> {
    const { bytes, peakBytes, buffers } = this.#parts().models.base(handle).runner.usage();
    return { gpu_bytes: bytes, peak_gpu_bytes: peakBytes, buffers };
  }

  disposeModel(handle: Wire.Handle): Promise<void> {
    return this.#parts().models.dispose(handle);
  }

  async disposeTokenizer(tokenizer: Wire.Handle): Promise<void> {
    this.#parts().models.tokenizers.delete(tokenizer);
  }

  // ── VeRA ──

  createVera(...call: Parameters<SessionVera['create']>): Promise<Wire.VeraInfo> {
    return this.#parts().vera.create(...call);
  }

  loadVera(...call: Parameters<SessionVera['load']>): Promise<Wire.VeraInfo> {
    return this.#parts().vera.load(...call);
  }

  loadConfig(...call: Parameters<SessionVera['loadConfig']>): Promise<Wire.VeraConfigFields> {
    return this.#parts().vera.loadConfig(...call);
  }

  async dropVera(handle: Wire.Handle): Promise<void> {
    await this.#parts().vera.drop(handle);
  }

  addAdapter(...call: Parameters<SessionVera['addAdapter']>): Promise<Wire.VeraInfo> {
    return this.#parts().vera.addAdapter(...call);
  }

  loadAdapter(...call: Parameters<SessionVera['loadAdapter']>): Promise<Wire.VeraInfo> {
    return this.#parts().vera.loadAdapter(...call);
  }

  addWeightedAdapter(...call: Parameters<SessionVera['addWeighted']>): Promise<Wire.VeraInfo> {
    return this.#parts().vera.addWeighted(...call);
  }

  setAdapter(handle: Wire.Handle, names: readonly string[]): Promise<Wire.VeraInfo> {
    return this.#parts().vera.setAdapter(handle, names);
  }

  deleteAdapter(handle: Wire.Handle, name: string): Promise<Wire.VeraInfo> {
    return this.#parts().vera.deleteAdapter(handle, name);
  }

  async enableAdapters(handle: Wire.Handle, enabled: boolean): Promise<void> {
    this.#parts().vera.enable(handle, enabled);
  }

  mergeAdapters(call: Wire.CallId, handle: Wire.Handle, options: Wire.MergeRequest): Promise<Wire.VeraInfo> {
    return this.#parts().vera.merge(call, handle, options);
  }

  unmergeAdapters(handle: Wire.Handle): Promise<Wire.VeraInfo> {
    return this.#parts().vera.unmerge(handle);
  }

  unloadVera(...call: Parameters<SessionVera['unload']>): Promise<Wire.ModelInfo> {
    return this.#parts().vera.unload(...call);
  }

  deltaWeight(...call: Parameters<SessionVera['deltaWeight']>): Promise<Tensor> {
    return this.#parts().vera.deltaWeight(...call);
  }

  keepAdapter(handle: Wire.Handle, adapter: string): Promise<Wire.KeptAdapter> {
    return this.#parts().vera.keep(handle, adapter);
  }

  reviveVera(
    handle: Wire.Handle,
    adapters: readonly Wire.KeptAdapter[],
    active: readonly string[],
  ): Promise<Wire.VeraInfo> {
    return this.#parts().vera.revive(handle, adapters, active);
  }

  saveAdapter(handle: Wire.Handle, options: Wire.SaveAdapterOptions): Promise<AdapterFiles> {
    return this.#parts().vera.save(handle, options);
  }

  saveLora(...call: Parameters<SessionVera['saveLora']>): Promise<AdapterFiles> {
    return this.#parts().vera.saveLora(...call);
  }

  // ── training ──

  train(call: Wire.CallId, request: Wire.TrainRequest): Promise<TrainOutput> {
    return this.#calls.run(call, (signal) => this.#parts().training.train(call, request, signal));
  }

  evaluate(call: Wire.CallId, request: Wire.EvaluateRequest): Promise<Wire.Evaluation> {
    return this.#calls.run(call, (signal) => this.#parts().training.evaluate(call, request, signal));
  }

  exportRunning(call: Wire.CallId, run: Wire.CallId): Promise<ReadonlyMap<string, Blob> | undefined> {
    return this.#calls.run(call, (signal) => this.#parts().training.exportRunning(run, signal));
  }

  exportStored(call: Wire.CallId, request: Wire.ExportRequest): Promise<ReadonlyMap<string, Blob>> {
    return this.#calls.run(call, (signal) => this.#parts().training.exportStored(call, request, signal));
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

  async controlTraining(run: Wire.CallId, control: RunControl): Promise<void> {
    this.#parts().training.control(run, control);
  }

  // ── what is stored on this device ──

  listStored(): Promise<readonly Wire.StoredAdapter[]> {
    return this.#parts().storage.listStored();
  }

  getStored(id: string): Promise<AdapterFiles | undefined> {
    return this.#parts().storage.getStored(id);
  }

  importStored(files: AdapterFiles, id: string): Promise<Wire.StoredAdapter> {
    return this.#parts().storage.importStored(files, id);
  }

  deleteStored(id: string): Promise<void> {
    return this.#parts().storage.deleteStored(id);
  }

  wipeStored(): Promise<void> {
    return this.#parts().storage.wipeStored();
  }

  listRuns(): Promise<readonly Wire.KeptRun[]> {
    return this.#parts().storage.listRuns();
  }

  deleteRun(name: string): Promise<void> {
    return this.#parts().storage.deleteRun(name);
  }

  identifyBase(handle: Wire.Handle): Promise<string> {
    return this.#parts().storage.identifyBase(handle);
  }

  listProfiles(): Promise<readonly Wire.ListedProfile[]> {
    return this.#parts().storage.listProfiles();
  }

  readProfile(id: string): Promise<Wire.ProfileParts | undefined> {
    return this.#parts().storage.readProfile(id);
  }

  writeProfile(id: string, parts: Partial<Wire.ProfileParts>): Promise<void> {
    return this.#parts().storage.writeProfile(id, parts);
  }

  deleteProfile(id: string): Promise<void> {
    return this.#parts().storage.deleteProfile(id);
  }

  deleteCheckpoints(adapter: string): Promise<number> {
    return this.#parts().storage.deleteCheckpoints(adapter);
  }

  #parts(): Opened {
    if (this.#opened !== undefined) return this.#opened;
    throw new WebVeraError('internal', 'The session was used before it was opened');
  }
}
