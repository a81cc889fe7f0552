export interface GenerationConfig {
  /** 20, as in transformers. */
  max_new_tokens?: number;
  /** false: greedy decoding. */
  do_sample?: boolean;
  /** 1; at least 1e-30. Only with `do_sample`. */
  temperature?: number;
  /** 50; 0 disables it. Only with `do_sample`. */
  top_k?: number;
  /**
   * 1, which disables it; above 0. Among the tokens that `top_k` leaves, samples only from the smallest set of the likeliest tokens whose
   * probability at `temperature` reaches this value; at least one token. Only with `do_sample`.
   */
  top_p?: number;
  /**
   * 1, which disables it; from 1e-30 to 1e30. The logits of tokens in the prompt or the new text are divided by it, or multiplied if they
   * are negative, before everything else, also without `do_sample`.
   */
  repetition_penalty?: number;
  /** 42. The same seed on the same device gives the same tokens. */
  seed?: number;
  /**
   * Strings that end the text: at most 64 strings of 1 to 1,024 characters. As in transformers, generation ends with the token that
   * completes a string, however the string is split into tokens: the text contains the string and the rest of that token. A string may
   * begin in the prompt, and special tokens are matched by their text. Needs a tokenizer.
   */
  stop_strings?: readonly string[];
  /**
   * Token ids that end the text; null disables them. Default: the ids in generation_config.json, which is read only if the tokenizer has
   * tokens for the turns of a conversation; else the ids in config.json.
   */
  eos_token_id?: number | readonly number[] | null;
  /** An adapter to use for this text only, active or not; '__base__' for the base model. Default: the active adapters. */
  adapter_name?: string;
  signal?: AbortSignal | undefined;
}

export interface BatchGenerationConfig extends GenerationConfig {
  /** An adapter for each prompt, active or not; '__base__' for the base model. Replaces `adapter_name`. */
  adapter_names?: readonly string[] | null;
}

/** A `GenerationConfig` with its defaults filled in. `eos_token_id: undefined` means the model's own. */
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
  readonly adapter_name: string | undefined;
  readonly adapter_names: readonly string[] | undefined;
}

export interface GeneratedToken {
  readonly token_id: number;
  /** The text that this token adds; '' while a character is incomplete, or without a tokenizer. */
  readonly text: string;
}

export interface BatchToken extends GeneratedToken {
  /** The index of the prompt that the token continues. */
  readonly row: number;
}
