export interface GenerationConfig {
  /** 20, as in transformers. */
  max_new_tokens?: number;
  /** false: the likeliest token each time. */
  do_sample?: boolean;
  /** 1; from 1e-30. Only with `do_sample`. */
  temperature?: number;
  /** 50; 0 for no cut. Only with `do_sample`. */
  top_k?: number;
  /**
   * 1, which keeps all; above 0. Of the tokens that `top_k` leaves, only as few of the likeliest as have this much of their
   * probability at `temperature`; one at least. Only with `do_sample`.
   */
  top_p?: number;
  /**
   * 1 for none; from 1e-30 to 1e30. The logits of tokens that the prompt or the new text has are divided by it, negative
   * ones multiplied, before all else, also without `do_sample`.
   */
  repetition_penalty?: number;
  /** 42. The same seed on the same device gives the same tokens. */
  seed?: number;
  /**
   * Where to stop, too: at most 64 strings of 1 to 1,024 characters. A text ends with the token that completes one of them,
   * however it lies over tokens, as in transformers: the string is in the text, with what else that token has. It may begin
   * in the prompt, and special tokens count as they are written. Needs a tokenizer.
   */
  stop_strings?: readonly string[];
  /** Where to stop; the model's own by default, null to never stop early. */
  eos_token_id?: number | readonly number[] | null;
  /** An adapter to use for this text alone, active or not; '__base__' for none. The active ones by default. */
  adapter_name?: string;
  signal?: AbortSignal | undefined;
}

export interface BatchGenerationConfig extends GenerationConfig {
  /** One for each prompt, active or not; '__base__' for none. In place of `adapter_name`. */
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
  /** What this token adds to the text; '' while a character is unfinished or without a tokenizer. */
  readonly text: string;
}

export interface BatchToken extends GeneratedToken {
  /** The index of the prompt that it continues. */
  readonly row: number;
}
