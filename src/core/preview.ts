import type { TrainingArguments } from './training';

/** An example as a model takes it in. The lists are of one length, an entry for each token. */
export interface Preview {
  /** The vocabulary's entries, as Python's `convert_ids_to_tokens` gives them. Left out for a model without a tokenizer. */
  readonly tokens?: readonly string[];
  readonly input_ids: readonly number[];
  /** 0 for padding. */
  readonly attention_mask: readonly number[];
  /** Of models that take them in: 1 for the tokens of the second of two texts. */
  readonly token_type_ids?: readonly number[];
  /**
   * Of language models: the ids that are learnt, and −100 for those that aren't. The first is learnt in no case, as nothing comes
   * before it that could predict it.
   */
  readonly labels?: readonly number[];
  /** Of classifiers: the class, or the number to be predicted. Null for an example without a label. */
  readonly label: { readonly id: number; readonly name: string } | number | null;
  /** Whether its end is left out, as it is longer than `max_length` or the model allows. */
  readonly cut: boolean;
}

/** A run's arguments, as far as they change what the model takes in. */
export interface PreviewOptions extends Pick<TrainingArguments, 'max_length' | 'completion_only_loss'> {
  readonly signal?: AbortSignal | undefined;
}
