import type { Integrity } from '../../core/input/integrity';
import type { KernelChoice } from '../../core/kernels/kernel_choice';
import type { PoolingChoice, PoolingMode } from '../../core/pooling/pooling';
import type { ChatMessage } from '../../core/types/chat';
import type { ResolvedGenerationConfig } from '../../core/types/generation';
import type {
  LabelOptions,
  MemoryReport,
  ModelDtype,
  ModuleInfo,
  ModuleNames,
  PretrainedConfig,
  TaskFacts,
} from '../../core/types/model';
import type { ImagePreview, Preview } from '../../core/types/preview';
import type { FolderSource } from '../../core/types/source';
import type { GivenInputs, Tensor } from '../../core/types/tensor';
import type { ResolvedTrainingArguments, SentExample } from '../../core/types/training';
import type { RankedScores } from '../../tasks/task/task_prediction';
import type { TaskName } from '../../tasks/task_registry';
import type { CallId, Handle } from '../rpc/call_protocol';

/** The calls about models and tokenizers. Calls that take a `model` also accept the handle of a model with adapters. */
export interface ModelCalls {
  /** Returns the kernel choice in use. Opens the device. */
  kernels(): Promise<KernelChoice>;
  loadModel(call: CallId, source: WireSource, options: LoadOptions): Promise<ModelInfo>;
  loadTokenizer(call: CallId, source: WireSource, options: LoadOptions): Promise<TokenizerInfo>;
  encode(tokenizer: Handle, text: string, options: { readonly add_special_tokens: boolean }): Promise<number[]>;
  decode(
    tokenizer: Handle,
    ids: readonly number[],
    options: { readonly skip_special_tokens: boolean },
  ): Promise<string>;
  /** With `tokenize`, resolves with token ids instead of text. */
  applyChatTemplate(
    tokenizer: Handle,
    messages: readonly ChatMessage[],
    options: { readonly add_generation_prompt: boolean; readonly tokenize: boolean },
  ): Promise<string | number[]>;
  forward(call: CallId, model: Handle, inputs: WireInputs): Promise<ForwardResult>;
  /**
   * Continues one or more prompts in one batch. Emits a `token` event for each token. Resolves with the new texts in
   * the prompts' order, which are '' if the model has no tokenizer.
   */
  generate(
    call: CallId,
    model: Handle,
    prompts: readonly Prompt[],
    config: ResolvedGenerationConfig,
  ): Promise<string[]>;
  /** Returns the scores of each input's labels. */
  predict(call: CallId, model: Handle, request: PredictRequest): Promise<Predictions>;
  /** Computes a vector for each input, in their order: (N, width). Emits `embed` events. Warns about texts that are truncated. */
  embed(call: CallId, model: Handle, request: EmbedRequest): Promise<Float32Array>;
  /** Shows an example as the model reads it. */
  preview(call: CallId, model: Handle, request: PreviewRequest): Promise<Preview | ImagePreview>;
  /** Reads the examples of a file, with the checks that need no model. */
  readExamples(
    call: CallId,
    file: { readonly blob: Blob; readonly format: 'jsonl' | 'csv' },
  ): Promise<readonly SentExample[]>;
  /**
   * Checks all examples as a run does, and converts them to the form in which examples of the model's task are stored. `first`: the index
   * of the first example, for error messages.
   */
  prepareExamples(
    call: CallId,
    model: Handle,
    request: { readonly examples: readonly SentExample[]; readonly first: number },
  ): Promise<readonly SentExample[]>;
  /** Reads all tensors, or those named. Throws `invalid_argument` for an unknown name. */
  stateDict(call: CallId, model: Handle, names: readonly string[] | undefined): Promise<Map<string, Tensor>>;
  memory(model: Handle): Promise<MemoryReport>;
  /** Returns the tensors of `stateDict` as the files of a model folder. Half-precision tensors stay in half precision. */
  exportModel(call: CallId, model: Handle): Promise<Map<string, Blob>>;
  /** Frees the model with its tokenizer, all adapters on it and every model that shares its tensors. `model` may be any of these models. */
  disposeModel(model: Handle): Promise<void>;
  disposeTokenizer(tokenizer: Handle): Promise<void>;
  /** Returns a fingerprint. It is the same for equal weights with the same dtype, from any source. */
  identifyBase(model: Handle): Promise<string>;
}

/** The calls about cached downloads of models. */
export interface CacheCalls {
  listCached(): Promise<readonly CachedDownload[]>;
  /** Whether the model loads without a network request. */
  isCached(source: WireSource): Promise<boolean>;
  /** Verifies all cached files of a model, and downloads damaged ones again. Resolves with 'none' if nothing is cached. */
  verifyCached(
    call: CallId,
    source: WireSource,
    options: Pick<LoadOptions, 'progress'>,
  ): Promise<'ok' | 'repaired' | 'corrupt' | 'none'>;
  clearCached(source: WireSource): Promise<void>;
}

export interface CachedDownload {
  readonly name: string;
  readonly revision: string;
  readonly bytes: number;
  readonly state: 'partial' | 'verified' | 'corrupt';
}

/** A folder's source in a form that can be sent to the worker: structured clone can't copy a URL object. */
export type WireSource = Exclude<FolderSource, URL> | { readonly url: string };

export interface LoadOptions {
  readonly dtype?: ModelDtype;
  readonly revision?: string;
  /** The task whose head the model gets. Default: 'causal_lm'. */
  readonly task?: TaskName;
  /** A classifier's labels, in place of those of config.json. */
  readonly labels?: LabelOptions;
  /** The pooling under a classifier's head. Default: none, as in transformers' class. */
  readonly pooling?: PoolingChoice;
  /** Whether a head whose size doesn't fit the labels is initialised anew. */
  readonly ignore_mismatched_sizes?: boolean;
  /** Whether the head's last layer is initialised anew if `labels` names other labels than config.json. */
  readonly renews_head?: boolean;
  /** Overrides the module names that follow from config.json. */
  readonly module_names?: ModuleNames;
  /** The name of a GGUF file to read in place of config.json and safetensors. */
  readonly gguf_file?: string;
  /** Whether only cached files are used, without network requests. */
  readonly local_files_only?: boolean;
  /** How downloaded files are verified. Default: 'hub'. */
  readonly integrity?: Integrity;
  /** Whether the page can give a token if the hub asks for one. */
  readonly hasToken?: boolean;
  /** Whether `progress` events have a listener. */
  readonly progress: boolean;
}

export interface ModelInfo {
  readonly model: Handle;
  readonly task: TaskFacts;
  readonly config: PretrainedConfig;
  readonly tokenizer: TokenizerInfo | undefined;
  readonly modules: readonly ModuleInfo[];
  /** Whether the head has initial values, so that it is untrained. */
  readonly has_new_head: boolean;
  /** Whether the model's head reads pooled hidden states, unlike the head of transformers' own class. */
  readonly pools: boolean;
  /**
   * The edge length in pixels of the images that the model reads. Set if the model has an image processor, which resizes all images to this
   * size.
   */
  readonly image_size?: number | undefined;
}

export interface TokenizerInfo {
  readonly tokenizer: Handle;
  readonly vocab_size: number;
  readonly bos_token_id: number | null;
  readonly eos_token_id: number | null;
  readonly pad_token_id: number | null;
}

/** A text, token ids, or a conversation to answer. */
export type Prompt = string | readonly number[] | { readonly messages: readonly ChatMessage[] };

export type WireInputs = GivenInputs & {
  /** One adapter name for each row, '__base__' for none. The adapters needn't be active. */
  readonly adapter_names?: readonly string[];
};

export interface EmbedRequest {
  /** One or more inputs. The page has checked their form. */
  readonly inputs: readonly SentExample[];
  readonly batch_size: number;
  /** The pooling to use in place of the folder's. */
  readonly pooling?: PoolingMode;
  readonly normalize?: boolean;
  readonly adapter_name?: string;
}

export interface PreviewRequest {
  /** The example to show. The page has checked its form. */
  readonly example: SentExample;
  readonly args: ResolvedTrainingArguments;
}

export interface PredictRequest {
  /** One or more inputs. The page has checked their form. */
  readonly inputs: readonly SentExample[];
  readonly batch_size: number;
  readonly max_length: number;
  readonly adapter_name?: string;
}

/** The scores of all inputs of a call. */
export interface Predictions extends RankedScores {
  readonly labels: readonly string[];
  /** Set if each input may have any number of labels. An input's labels are then those with a score above the threshold. */
  readonly threshold: number | undefined;
}

/**
 * logits: (B,T,V), (B,num_labels) for a classifier, or (B,T,num_labels) for a classifier of tokens. The buffers are
 * transferred to the page, so the worker must not reuse them.
 */
export interface ForwardResult {
  readonly logits: Tensor;
  readonly loss?: number;
}
