import type { RgbaImage } from './image';
import type { Tensor } from './tensor';
import type { TrainingArguments } from './training';

/**
 * The label of a classifier's example: the class, or the number to predict; for several labels at once, the labels that the example has;
 * for several numbers, all of them. Null for an example without a label.
 */
export type PreviewLabel = NamedLabel | number | readonly NamedLabel[] | readonly number[] | null;

/** A label's name and its index in the model. */
export interface NamedLabel {
  readonly id: number;
  readonly name: string;
}

/** The model's input for a text. The lists have the same length, with one entry for each token. */
export interface Preview {
  /** The tokens' entries in the vocabulary, as Python's `convert_ids_to_tokens` returns them. Missing for a model without a tokenizer. */
  readonly tokens?: readonly string[];
  readonly input_ids: readonly number[];
  /** 1 for a token, 0 for padding. */
  readonly attention_mask: readonly number[];
  /** For models that use it: 1 for the tokens of the second of two texts. */
  readonly token_type_ids?: readonly number[];
  /**
   * For language models: the token ids that count in the loss, and −100 for the others. The first token never counts, because no token
   * before it could predict it.
   */
  readonly labels?: readonly number[];
  readonly label: PreviewLabel;
  /** Whether the text is truncated, because it is longer than `max_length` or the model's limit. */
  readonly cut: boolean;
}

/** The model's input for an image. */
export interface ImagePreview {
  /** The image at the model's input size: an `ImageData` if the platform has one, as all browsers do. */
  readonly image: RgbaImage;
  /** (3,H,W): the numbers that the model receives. */
  readonly pixel_values: Tensor;
  readonly label: PreviewLabel;
}

/** The arguments of a run that change the model's input. */
export interface PreviewOptions extends Pick<TrainingArguments, 'max_length' | 'completion_only_loss'> {
  readonly signal?: AbortSignal | undefined;
}
