import type { RgbaImage } from './image';
import type { Tensor } from './tensor';
import type { TrainingArguments } from './training';

/**
 * Of classifiers: the class, or the number to be predicted; of several labels at once those that the example has, and of several
 * numbers all. Null for an example without a label.
 */
export type PreviewLabel = NamedLabel | number | readonly NamedLabel[] | readonly number[] | null;

/** A label, and its place among the model's. */
export interface NamedLabel {
  readonly id: number;
  readonly name: string;
}

/** A text as a model takes it in. The lists are of one length, an entry for each token. */
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
  readonly label: PreviewLabel;
  /** Whether its end is left out, as it is longer than `max_length` or the model allows. */
  readonly cut: boolean;
}

/** An image as a model takes it in. */
export interface ImagePreview {
  /** What the model sees, of its size: an `ImageData` where there are any, as in all browsers. */
  readonly image: RgbaImage;
  /** (3,H,W): the numbers that it is given. */
  readonly pixel_values: Tensor;
  readonly label: PreviewLabel;
}

/** A run's arguments, as far as they change what the model takes in. */
export interface PreviewOptions extends Pick<TrainingArguments, 'max_length' | 'completion_only_loss'> {
  readonly signal?: AbortSignal | undefined;
}
