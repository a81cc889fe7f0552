import type { VeraConfigInit } from '../adapters/config';
import type { BatchToken, ResolvedGenerationConfig } from '../core/generation';
import type { KernelChoice } from '../core/kernel_choice';
import type {
  AdapterFiles,
  MemoryReport,
  ModelDtype,
  ModuleInfo,
  ParameterCount,
  PretrainedConfig,
  ProjectionDtype,
} from '../core/model';
import type { RunControl, RunEvent, RunHook } from '../core/run';
import type { ModelSource, ParserLimits, ProgressInfo } from '../core/source';
import type { IdTensor, Tensor } from '../core/tensor';
import type { Example, PauseReason, ResolvedTrainingArguments, TrainOutput, TrainProgress } from '../core/training';
import type { StorageCalls } from './protocol_storage';

export type { KeptRun, ListedProfile, ProfileParts } from './protocol_storage';

/**
 * What crosses between the page and the worker: types only, every field survives structured clone.
 *
 * Handles (`model`, `tokenizer`) are positive numbers that the worker hands out. Call ids are positive numbers that
 * the page hands out, never used twice in a session; a call that carries one can be cancelled and may stream events
 * under it. Results and events keep their order: an event emitted before a call resolves arrives before its result.
 */
export interface WorkerSession extends StorageCalls {
  /** The first call. Must not need a GPU: the device is opened by the first call that computes. */
  open(options: OpenOptions): Promise<void>;
  /** Stops what runs, frees the device and closes the store. Later calls reject. Never rejects itself. */
  close(): Promise<void>;
  /** From now on nothing here makes a request. It can't be undone. */
  seal(): Promise<void>;
  /** The call then rejects with an `AbortError` soon, having undone what it had begun. Unknown ids are ignored. */
  cancel(call: CallId): Promise<void>;
  /** Answers a `prepared` event: what the call changes is to be done, and the page won't cancel it any more. */
  commit(call: CallId): Promise<void>;
  /** The choice in use. Opens the device. */
  kernels(): Promise<KernelChoice>;

  // ── models and tokenizers ──
  loadModel(call: CallId, source: WireSource, options: LoadOptions): Promise<ModelInfo>;
  loadTokenizer(call: CallId, source: WireSource, options: LoadOptions): Promise<TokenizerInfo>;
  encode(tokenizer: Handle, text: string, options: EncodeOptions): Promise<number[]>;
  decode(tokenizer: Handle, ids: readonly number[], options: DecodeOptions): Promise<string>;
  /** Takes a model or a VeRA model, as do all calls below that say `model`. */
  forward(call: CallId, model: Handle, inputs: WireInputs): Promise<ForwardResult>;
  /**
   * Continues at least one prompt, all together. Emits a `token` event for each token; resolves with the new texts in the
   * prompts' order, '' without a tokenizer.
   */
  generate(
    call: CallId,
    model: Handle,
    prompts: readonly Prompt[],
    config: ResolvedGenerationConfig,
  ): Promise<string[]>;
  /** All tensors, or those named; an unknown name is `invalid_argument`. */
  stateDict(call: CallId, model: Handle, names: readonly string[] | undefined): Promise<Map<string, Tensor>>;
  memory(model: Handle): Promise<MemoryReport>;
  /** What `stateDict` gives, as the files of a model folder, halves kept as halves. */
  exportModel(call: CallId, model: Handle): Promise<Map<string, Blob>>;
  /**
   * Frees the model, every VeRA model on it, every model that shares its tensors, and its tokenizer. Any of their handles
   * does it.
   */
  disposeModel(model: Handle): Promise<void>;
  disposeTokenizer(tokenizer: Handle): Promise<void>;

  // ── VeRA ──
  /** A VeRA model with its own adapters over the weights of `model`, whose own results stay as they are. */
  createVera(model: Handle, adapter: string, config: VeraConfigFields, options: WireAdapterOptions): Promise<VeraInfo>;
  loadVera(
    call: CallId,
    model: Handle,
    adapter: string,
    source: WireAdapterSource,
    options: LoadAdapterOptions,
  ): Promise<VeraInfo>;
  /** What an adapter's adapter_config.json says. Its other file isn't read. */
  loadConfig(call: CallId, source: WireAdapterSource, options: LoadOptions): Promise<VeraConfigFields>;
  /** Frees the adapters of a VeRA model, but not the base model. */
  dropVera(model: Handle): Promise<void>;
  /** The calls below take the handle of a VeRA model. Adding doesn't activate. */
  addAdapter(model: Handle, adapter: string, config: VeraConfigFields, options: WireAdapterOptions): Promise<VeraInfo>;
  loadAdapter(
    call: CallId,
    model: Handle,
    adapter: string,
    source: WireAdapterSource,
    options: LoadAdapterOptions,
  ): Promise<VeraInfo>;
  /** At least one. They alone are active then; merged ones are unmerged first. */
  setAdapter(model: Handle, adapters: readonly string[]): Promise<VeraInfo>;
  deleteAdapter(model: Handle, adapter: string): Promise<VeraInfo>;
  /** Adds an adapter whose deltas are the weighted sum of others'. Those must share A, B and one of the two vectors. */
  addWeightedAdapter(model: Handle, adapter: string, parts: readonly WeightedAdapter[]): Promise<VeraInfo>;
  /** With false, `forward` and `generate` give the base model's results. */
  enableAdapters(model: Handle, enabled: boolean): Promise<void>;
  /** Emits `merge` events, then `prepared`. Cancelled or failed, it leaves everything as it was. */
  mergeAdapters(call: CallId, model: Handle, options: MergeRequest): Promise<VeraInfo>;
  unmergeAdapters(model: Handle): Promise<VeraInfo>;
  /**
   * The model without its adapters, merged first if so asked; the VeRA model's handle is then no more. Emits `merge` events,
   * then `prepared`. Cancelled or failed, it leaves everything as it was.
   */
  unloadVera(call: CallId, model: Handle, merge: MergeRequest | undefined): Promise<ModelInfo>;
  /** ΔW of a module in the layout of its weight. The active adapter by default. */
  deltaWeight(model: Handle, module: string, adapter: string | undefined): Promise<Tensor>;
  /** All that an adapter is made of again, should the device or this worker be lost. */
  keepAdapter(model: Handle, adapter: string): Promise<KeptAdapter>;
  /** A VeRA model over `model` with adapters that were kept, at least one. They are as they were, to the bit. */
  reviveVera(model: Handle, adapters: readonly KeptAdapter[], active: readonly string[]): Promise<VeraInfo>;
  /** PEFT's two files. With `id`, resolves only once they're stored as well. */
  saveAdapter(model: Handle, options: SaveAdapterOptions): Promise<AdapterFiles>;
  /** The two files of a LoRA that equals the weighted sum of the adapters; by default the active one. */
  saveLora(model: Handle, parts: readonly WeightedAdapter[] | undefined): Promise<AdapterFiles>;

  // ── training ──
  /**
   * One run: emits `train` events under its call id and resolves at the end. Data given as `{ kind: 'feed' }` are asked
   * for by `need_data` events and come through `pushExamples`; the page goes through its data set once, so what later
   * epochs need is kept here.
   */
  train(call: CallId, request: TrainRequest): Promise<TrainOutput>;
  /** The mean loss over all labelled tokens, texts cut into blocks that don't overlap; and its exponential. */
  evaluate(call: CallId, request: EvaluateRequest): Promise<Evaluation>;
  /** All that a run goes on with in Python, by paths: from where it stands. Undefined once it is over. */
  exportRunning(call: CallId, run: CallId): Promise<ReadonlyMap<string, Blob> | undefined>;
  /** The same of a run that doesn't go on: from its last checkpoint, or from its beginning where there is none. */
  exportStored(call: CallId, request: ExportRequest): Promise<ReadonlyMap<string, Blob>>;
  /**
   * Answers one `need_data` event with at most `count` examples. `done`: there are no more; the last answer may be
   * empty. The page has checked their form, but neither the ids' range nor the lengths of labels and masks.
   */
  pushExamples(call: CallId, examples: readonly Example[], done: boolean): Promise<void>;
  /**
   * Adds a reason for the run to stand still; `resumeTraining` takes it away, and the last one lets the run go on. Resolves
   * once the last submitted step is acknowledged, or no reason is left. The reason comes back in the `paused` event. A run
   * that has ended ignores this and the next two calls.
   */
  pauseTraining(run: CallId, reason: PauseReason): Promise<void>;
  resumeTraining(run: CallId, reason: PauseReason): Promise<void>;
  /**
   * `should_training_stop` makes `train` resolve after the last submitted step, even while it is paused; `should_log` and
   * `should_save` ask for one log event and one checkpoint.
   */
  controlTraining(run: CallId, control: RunControl): Promise<void>;
}

export type CallId = number;
export type Handle = number;

/** What a session gets from whoever makes it. `gpu` and `fetch` only where the session runs in the caller's thread. */
export interface SessionHost {
  /** The one sink for all that streams. Never throws. */
  emit(event: WorkerEvent): void;
  /** Default: `navigator.gpu`. */
  readonly gpu?: GPU;
  /** Default: the global one. */
  readonly fetch?: typeof globalThis.fetch;
  /** It won't answer for up to so many seconds: what comes next is done in one go. */
  readonly quiet?: (seconds: number) => void;
  /** Takes the network from the whole thread, where it is the session's own. */
  readonly seal?: () => void;
}

export interface OpenOptions {
  readonly store: 'auto' | 'memory';
  /** 'https://huggingface.co/' by default. */
  readonly remoteHost?: string;
  /** '{model}/resolve/{revision}/' by default. */
  readonly remotePathTemplate?: string;
  readonly limits?: Partial<ParserLimits>;
  /** 'default' by default. */
  readonly kernels?: 'default' | 'tuned' | KernelChoice;
}

/** A URL doesn't survive structured clone; its href does. */
export type WireSource = Exclude<ModelSource, URL> | { readonly url: string };
export type WireAdapterSource = WireSource | AdapterFiles | { readonly id: string };

export interface LoadOptions {
  readonly dtype?: ModelDtype;
  readonly revision?: string;
  /** Whether anybody listens to `progress` events. */
  readonly progress: boolean;
}

/** A `VeraConfig`'s fields, without its methods. */
export type VeraConfigFields = VeraConfigInit;

export interface WireAdapterOptions {
  readonly is_trainable?: boolean;
  readonly projection_dtype?: ProjectionDtype;
}
export type LoadAdapterOptions = WireAdapterOptions & LoadOptions;

export interface KeptAdapter {
  readonly name: string;
  readonly config: VeraConfigFields;
  readonly options: WireAdapterOptions;
  readonly files: AdapterFiles;
  /** The fingerprint of what it began with, by which its runs are known. */
  readonly origin: string | undefined;
}

export interface SaveAdapterOptions {
  /** The active one by default. */
  readonly adapter_name?: string;
  readonly id?: string;
}

export interface WeightedAdapter {
  readonly adapter_name: string;
  readonly weight: number;
}

export interface MergeRequest {
  readonly safe_merge: boolean;
  /** The active ones by default. */
  readonly adapter_names?: readonly string[];
}

export interface ModelInfo {
  readonly model: Handle;
  readonly config: PretrainedConfig;
  readonly tokenizer: TokenizerInfo | undefined;
  readonly modules: readonly ModuleInfo[];
}

export interface TokenizerInfo {
  readonly tokenizer: Handle;
  readonly vocab_size: number;
  readonly bos_token_id: number | null;
  readonly eos_token_id: number | null;
  readonly pad_token_id: number | null;
}

/** A VeRA model as it stands after a call. `model` is the same in all of one model's infos. */
export interface VeraInfo {
  readonly model: Handle;
  /** In the order in which they were added. */
  readonly adapters: Readonly<Record<string, AdapterState>>;
  readonly active: readonly string[];
  readonly merged: readonly string[];
  readonly enabled: boolean;
  readonly parameters: ParameterCount;
}

export interface AdapterState {
  readonly config: VeraConfigFields;
  /** Whether it learns when it is active. */
  readonly trainable: boolean;
  /** The names of the modules that it wraps. */
  readonly modules: readonly string[];
}

export interface EncodeOptions {
  readonly add_special_tokens: boolean;
}
export interface DecodeOptions {
  readonly skip_special_tokens: boolean;
}

/** A text, or token ids. */
export type Prompt = string | readonly number[];

/** All of one shape (B,T). */
export interface WireInputs {
  readonly input_ids: IdTensor;
  readonly attention_mask?: IdTensor;
  readonly labels?: IdTensor;
  /** One for each row, '__base__' for none; they needn't be active. */
  readonly adapter_names?: readonly string[];
}

/** logits: (B,T,V). The buffers of results are given away: don't keep them. */
export interface ForwardResult {
  readonly logits: Tensor;
  readonly loss?: number;
}

/** A Blob is read in the worker. `length`: how many examples the feed holds, where that is known. */
export type DataSource =
  | { readonly kind: 'blob'; readonly blob: Blob; readonly format: 'jsonl' | 'text' }
  | { readonly kind: 'feed'; readonly length?: number };

export interface TrainRequest extends EvaluateRequest {
  /** Of a run that goes on: what it trained, in place of the active ones, also while adapters are disabled. */
  readonly trained?: readonly string[] | undefined;
  /** The hooks that somebody listens to; no others need be emitted. */
  readonly hooks: readonly RunHook[];
  /** true: from the last checkpoint, if there is one; a name: from that one, or `not_found`. */
  readonly resume_from_checkpoint: boolean | string;
  /** Whether it is to end where it goes on in another tab or session. */
  readonly take_over: boolean;
}

export interface EvaluateRequest {
  readonly model: Handle;
  /** In place of the active ones. */
  readonly adapter_name: string | undefined;
  readonly args: ResolvedTrainingArguments;
  readonly data: DataSource;
}

export interface ExportRequest extends EvaluateRequest {
  /** Whether it has done steps, so that its beginning won't do. */
  readonly begun: boolean;
}

/** What the model's task measures, by name. */
export type Evaluation = Readonly<Record<string, number>>;

export interface StoredAdapter {
  readonly id: string;
  /** Of both files together. */
  readonly bytes: number;
  /** Milliseconds since 1970. */
  readonly created_at: number;
  readonly base_model: string | null;
  readonly config: VeraConfigFields;
}

/** The page adds what becomes of the worker itself. */
export type WorkerState = 'ready' | 'busy';

export type WorkerEvent =
  | { readonly type: 'state'; readonly state: WorkerState }
  /** The device: what was loaded on it is no more. */
  | { readonly type: 'lost'; readonly message: string }
  | { readonly type: 'warning'; readonly code: string; readonly message: string }
  /** Once: an adapter, a profile or a checkpoint is on disk. Only the page can ask the browser to leave it there. */
  | { readonly type: 'kept' }
  | { readonly type: 'progress'; readonly call: CallId; readonly info: ProgressInfo }
  | ({ readonly type: 'token'; readonly call: CallId } & BatchToken)
  | { readonly type: 'merge'; readonly call: CallId; readonly done: number; readonly total: number }
  /** Once for a call that changes what is there: until it is answered by `commit`, nothing has changed. */
  | { readonly type: 'prepared'; readonly call: CallId }
  | { readonly type: 'need_data'; readonly call: CallId; readonly count: number }
  | { readonly type: 'train'; readonly call: CallId; readonly progress: TrainProgress; readonly event: RunEvent };
