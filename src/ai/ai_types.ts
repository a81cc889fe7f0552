import type { ChatMessage, GeneratedToken, GenerationConfig } from '../index';

/** A tokenizer that counts tokens. */
export interface TokenCounter {
  encode(text: string): Promise<readonly number[]>;
  apply_chat_template(
    messages: readonly ChatMessage[],
    options: { add_generation_prompt: true },
  ): Promise<readonly number[]>;
  /**
   * Resolves with the text of token ids. Without this method, a stop sequence ends the answer even if the sequence begins at the end of a
   * conversation's prompt.
   */
  decode?(ids: readonly number[]): Promise<string>;
}

/** A model that generates text: one from `from_pretrained`, with or without adapters, or a profile. */
export interface WritingModel {
  generate(input: string | readonly ChatMessage[], config?: GenerationConfig): AsyncIterable<GeneratedToken>;
  readonly tokenizer?: TokenCounter | undefined;
}

export interface LanguageModelSettings {
  /** The name that the AI SDK reports. Default: 'local'. */
  readonly modelId?: string;
  /**
   * If true, prompts are conversations, which the model's chat template formats. If false, a prompt is one message of the user, and the
   * model continues its text; this is for models that were not trained for conversations. Default: true.
   */
  readonly chat?: boolean;
  /** The maximum number of tokens of an answer, for calls without `maxOutputTokens`. Default: 256. */
  readonly maxOutputTokens?: number;
  /**
   * The tokenizer that counts the prompt's tokens. Default: the model's. A profile has no tokenizer: pass the one of its base model, or
   * `usage` will not include the prompt's tokens.
   */
  readonly tokenizer?: TokenCounter | undefined;
}

/** A model that embeds texts: one from `from_pretrained`, with or without adapters. */
export interface VectorModel {
  embed(
    inputs: readonly string[],
    options?: { readonly adapter_name?: string; readonly signal?: AbortSignal | undefined },
  ): Promise<readonly Float32Array[]>;
  readonly tokenizer?: TokenCounter | undefined;
}

export interface EmbeddingModelSettings {
  /** The name that the AI SDK reports. Default: 'local'. */
  readonly modelId?: string;
  /** The adapter to use, active or not; '__base__' for the base model. Default: the active adapters. */
  readonly adapter_name?: string;
}

/** A setting that the model doesn't support and therefore ignores. */
export interface AiWarning {
  type: 'unsupported';
  feature: string;
  details?: string;
}

/** A message of the AI SDK. */
export interface AiMessage {
  readonly role: string;
  readonly content: string | readonly { readonly type: string; readonly text?: string }[];
}

/** The settings of a call that webvera reads. */
export interface AiCallOptions {
  readonly prompt: readonly AiMessage[];
  readonly maxOutputTokens?: number | undefined;
  readonly temperature?: number | undefined;
  readonly stopSequences?: readonly string[] | undefined;
  readonly topP?: number | undefined;
  readonly topK?: number | undefined;
  readonly presencePenalty?: number | undefined;
  readonly frequencyPenalty?: number | undefined;
  readonly seed?: number | undefined;
  readonly responseFormat?: { readonly type: string } | undefined;
  readonly tools?: readonly unknown[] | undefined;
  readonly toolChoice?: { readonly type: string } | undefined;
  readonly reasoning?: string | undefined;
  readonly abortSignal?: AbortSignal | undefined;
  readonly providerOptions?: Readonly<Record<string, Readonly<Record<string, unknown>>>> | undefined;
}

export interface AiFinishReason {
  /** 'length': the answer reached `maxOutputTokens` or the model's maximum length. */
  unified: 'stop' | 'length' | 'error';
  raw: string | undefined;
}

/** The token counts of a call. Those of `inputTokens` are undefined without a tokenizer. */
export interface AiUsage {
  inputTokens: {
    total: number | undefined;
    noCache: number | undefined;
    cacheRead: number | undefined;
    cacheWrite: number | undefined;
  };
  outputTokens: { total: number | undefined; text: number | undefined; reasoning: number | undefined };
}

export interface AiAnswer {
  content: { type: 'text'; text: string }[];
  finishReason: AiFinishReason;
  usage: AiUsage;
  warnings: AiWarning[];
}

export type AiStreamPart =
  | { type: 'stream-start'; warnings: AiWarning[] }
  | { type: 'text-start' | 'text-end'; id: string }
  | { type: 'text-delta'; id: string; delta: string }
  | { type: 'finish'; usage: AiUsage; finishReason: AiFinishReason }
  | { type: 'error'; error: unknown };

/** A language model as the AI SDK expects it: a `LanguageModelV3` of `@ai-sdk/provider`. */
export interface AiLanguageModel {
  readonly specificationVersion: 'v3';
  readonly provider: string;
  readonly modelId: string;
  readonly supportedUrls: Record<string, RegExp[]>;
  doGenerate(options: AiCallOptions): Promise<AiAnswer>;
  doStream(options: AiCallOptions): Promise<{ stream: ReadableStream<AiStreamPart> }>;
}

export interface AiEmbeddingOptions {
  readonly values: readonly string[];
  readonly dimensions?: number | undefined;
  readonly abortSignal?: AbortSignal | undefined;
}

export interface AiEmbeddings {
  embeddings: number[][];
  usage?: { tokens: number };
  warnings: AiWarning[];
}

/** An embedding model as the AI SDK expects it: an `EmbeddingModelV3` of `@ai-sdk/provider`. */
export interface AiEmbeddingModel {
  readonly specificationVersion: 'v3';
  readonly provider: string;
  readonly modelId: string;
  readonly maxEmbeddingsPerCall: number | undefined;
  readonly supportsParallelCalls: boolean;
  doEmbed(options: AiEmbeddingOptions): Promise<AiEmbeddings>;
}
