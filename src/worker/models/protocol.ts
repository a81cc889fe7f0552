import type { Integrity } from '../../core/input/integrity';
import type { KernelChoice } from '../../core/kernels/kernel_choice';
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
import type { LabelScore } from '../../core/types/prediction';
import type { ImagePreview, Preview } from '../../core/types/preview';
import type { FolderSource } from '../../core/types/source';
import type { GivenInputs, Tensor } from '../../core/types/tensor';
import type { ResolvedTrainingArguments, SentExample } from '../../core/types/training';
import type { TaskName } from '../../tasks/registry';
import type { CallId, Handle } from '../rpc/protocol';

/** The calls about models and tokenizers. Those that take a `model` take that of a VeRA model too. */
export interface ModelCalls {
  /** The choice in use. Opens the device. */
  kernels(): Promise<KernelChoice>;
  loadModel(call: CallId, source: WireSource, options: LoadOptions): Promise<ModelInfo>;
  loadTokenizer(call: CallId, source: WireSource, options: LoadOptions): Promise<TokenizerInfo>;
  encode(tokenizer: Handle, text: string, options: EncodeOptions): Promise<number[]>;
  decode(tokenizer: Handle, ids: readonly number[], options: DecodeOptions): Promise<string>;
  applyChatTemplate(
    tokenizer: Handle,
    messages: readonly ChatMessage[],
    options: ChatTemplateOptions,
  ): Promise<string | number[]>;
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
  /** The labels of each input, the likeliest first. */
  predict(call: CallId, model: Handle, request: PredictRequest): Promise<readonly (readonly LabelScore[])[]>;
  /** An example as the model takes it in. */
  preview(call: CallId, model: Handle, request: PreviewRequest): Promise<Preview | ImagePreview>;
  /** The examples of a file, checked as far as no model is needed. */
  readExamples(call: CallId, file: ExampleFile): Promise<readonly SentExample[]>;
  /** Examples as they are kept, where the model's task keeps them in another form. All are checked as a run checks them. */
  keptExamples(call: CallId, model: Handle, request: KeepRequest): Promise<readonly SentExample[]>;
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
  /** The same for the same weights in the same dtype, wherever they came from. */
  identifyBase(model: Handle): Promise<string>;
}

/** The calls about models that are kept on this device. */
export interface CacheCalls {
  listKept(): Promise<readonly KeptModel[]>;
  /** Whether it loads without a request. */
  isKept(source: WireSource): Promise<boolean>;
  /** Reads all that is kept of it, and downloads again what is damaged. 'none' where nothing is kept. */
  verifyKept(call: CallId, source: WireSource, options: VerifyOptions): Promise<'ok' | 'repaired' | 'corrupt' | 'none'>;
  clearKept(source: WireSource): Promise<void>;
}

export type VerifyOptions = Pick<LoadOptions, 'progress'>;

export interface KeptModel {
  readonly name: string;
  readonly revision: string;
  readonly bytes: number;
  readonly state: 'partial' | 'verified' | 'corrupt';
}

/** A URL doesn't survive structured clone; its href does. */
export type WireSource = Exclude<FolderSource, URL> | { readonly url: string };

export interface LoadOptions {
  readonly dtype?: ModelDtype;
  readonly revision?: string;
  /** The task whose head the model gets. Default: 'causal_lm'. */
  readonly task?: TaskName;
  /** A classifier's labels, in place of those of config.json. */
  readonly labels?: LabelOptions;
  /** Whether a head of other sizes than the labels ask for is made new. */
  readonly ignore_mismatched_sizes?: boolean;
  /** In place of what config.json says. */
  readonly module_names?: ModuleNames;
  /** A GGUF file, in place of config.json and safetensors. */
  readonly gguf_file?: string;
  /** Whether nothing is asked for that isn't kept here. */
  readonly local_files_only?: boolean;
  /** 'hub' by default. */
  readonly integrity?: Integrity;
  /** Whether the page has a token, should the hub ask for one. */
  readonly hasToken?: boolean;
  /** Whether anybody listens to `progress` events. */
  readonly progress: boolean;
}

export interface ModelInfo {
  readonly model: Handle;
  readonly task: TaskFacts;
  readonly config: PretrainedConfig;
  readonly tokenizer: TokenizerInfo | undefined;
  readonly modules: readonly ModuleInfo[];
  /** Pixels of an edge of the images that it takes in. Set where images of any size are resized to it. */
  readonly image_size?: number | undefined;
}

export interface TokenizerInfo {
  readonly tokenizer: Handle;
  readonly vocab_size: number;
  readonly bos_token_id: number | null;
  readonly eos_token_id: number | null;
  readonly pad_token_id: number | null;
}

export interface EncodeOptions {
  readonly add_special_tokens: boolean;
}

export interface DecodeOptions {
  readonly skip_special_tokens: boolean;
}

export interface ChatTemplateOptions {
  readonly add_generation_prompt: boolean;
  /** Whether it gives token ids. */
  readonly tokenize: boolean;
}

/** A text, token ids, or a conversation that is to be answered. */
export type Prompt = string | readonly number[] | { readonly messages: readonly ChatMessage[] };

export type WireInputs = GivenInputs & {
  /** One for each row, '__base__' for none; they needn't be active. */
  readonly adapter_names?: readonly string[];
};

export interface PreviewRequest {
  /** The page has checked its form. */
  readonly example: SentExample;
  readonly args: ResolvedTrainingArguments;
}

export interface ExampleFile {
  readonly blob: Blob;
  readonly format: 'jsonl' | 'csv';
}

export interface KeepRequest {
  readonly examples: readonly SentExample[];
  /** What the first one is called: examples[first]. */
  readonly first: number;
}

export interface PredictRequest {
  /** At least one, of which the page has checked the form. */
  readonly inputs: readonly SentExample[];
  readonly batch_size: number;
  readonly max_length: number;
  readonly adapter_name?: string;
}

/** logits: (B,T,V), (B,num_labels) of a classifier, or (B,T,num_labels) of a classifier of tokens. The buffers of results are given away: don't keep them. */
export interface ForwardResult {
  readonly logits: Tensor;
  readonly loss?: number;
}
