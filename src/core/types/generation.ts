export interface GenerationConfig {
  /** The largest number of new tokens. Default: 20, as in transformers. */
  max_new_tokens?: number;
  /** Whether to sample. Default: false, for greedy decoding. */
  do_sample?: boolean;
  /** Default: 1. At least 1e-30. Used only with `do_sample`: beside `do_sample: false`, 0 is accepted, too. */
  temperature?: number;
  /** Default: 50. With 0, no tokens are excluded. Used only with `do_sample`. */
  top_k?: number;
  /**
   * Default: 1, which disables it. Must be above 0. After `top_k`, samples only from the smallest set of the most likely tokens whose total
   * probability at `temperature` reaches this value. The set has at least one token. Used only with `do_sample`: beside
   * `do_sample: false`, 0 is accepted, too.
   */
  top_p?: number;
  /**
   * Default: 1, which disables it. From 1e-30 to 1e30. Positive logits of tokens in the prompt or the new text are divided by this number,
   * negative ones are multiplied by it. It is applied before the other options, also without `do_sample`.
   */
  repetition_penalty?: number;
  /** Default: 42. The same seed on the same device gives the same tokens. */
  seed?: number;
  /**
   * Strings that end the text: at most 64 strings of 1 to 1,024 characters. As in transformers, generation ends with the token that
   * completes a string, however the string is split into tokens: the text contains the string and the rest of that token. A string may
   * begin in the prompt, and special tokens are matched by their text. The model needs a tokenizer.
   */
  stop_strings?: readonly string[];
  /**
   * Token ids that end the text. With null, no token ends it. Default: the ids in generation_config.json, which is read only if the
   * tokenizer has tokens for the turns of a conversation; else the ids in config.json.
   */
  eos_token_id?: number | readonly number[] | null;
  /** The adapter to use for this text, even if it isn't active; '__base__' for the base model. Default: the active adapters. */
  adapter_name?: string;
  signal?: AbortSignal | undefined;
}

export interface BatchGenerationConfig extends GenerationConfig {
  /** The adapter for each prompt, even if it isn't active; '__base__' for the base model. Replaces `adapter_name`. */
  adapter_names?: readonly string[] | null;
}

/** A `GenerationConfig` with its defaults filled in. `eos_token_id: undefined` means the model's own ids. */
export interface ResolvedGenerationConfig {
  readonly max_new_tokens: number;
  readonly do_sample: boolean;
  readonly temperature: number;
  readonly top_k: number;
  readonly top_p: number;
  readonly repetition_penalty: number;
  readonly seed: number;
  readonly stop_strings: readonly string[];
  readonly eos_token_id: readonly number[] | null | undefined;
  /** Whether prompts must leave room for `max_new_tokens` or, if that is less, for a quarter of the model's longest text. */
  readonly needs_room?: boolean | undefined;
  readonly adapter_name: string | undefined;
  readonly adapter_names: readonly string[] | undefined;
}

/** The reason why a text ends. 'stop': an end token or a stop string. 'length': the text has the largest allowed number of tokens. */
export type TextEnd = 'stop' | 'length';

export interface GeneratedToken {
  readonly token_id: number;
  /** The text that this token adds; '' while a character is incomplete, or without a tokenizer. */
  readonly text: string;
  /** @internal The reason why the text ends with this token. Only the last token of a text has it. */
  readonly end?: TextEnd | undefined;
}

export interface BatchToken extends GeneratedToken {
  /** The index of the prompt that the token continues. */
  readonly row: number;
}
