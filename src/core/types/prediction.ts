import type { PoolingMode } from '../pooling/pooling';
import type { ImageInput } from './image';
import type { Example } from './training';

/** An input for classification: a text, an image, or an example without its label. */
export type PredictInput =
  | string
  | ImageInput
  | Exclude<Example, { readonly prompt: unknown } | { readonly messages: unknown } | { readonly tokens: unknown }>;

/** The probability of a label, or the predicted number of a label in a regression model. */
export interface LabelScore {
  readonly label: string;
  /** From 0 to 1: the softmax of the logits, or the sigmoid of the label's logit in a multi-label model. */
  readonly score: number;
  /** For multi-label models: whether the input has this label, because its score is above 0.5. */
  readonly told?: boolean;
}

export interface PredictOptions {
  /** 8: how many inputs run through the model together. */
  readonly per_device_eval_batch_size?: number;
  /** The most tokens of a text that are used. Default: the model's limit. */
  readonly max_length?: number;
  /** An adapter to use, active or not; '__base__' for the base model. Default: the active adapters. */
  readonly adapter_name?: string;
  readonly signal?: AbortSignal | undefined;
}

/** An input for `embed`: a text, two texts as `{ text, text_pair }`, token ids, or an image. */
export type EmbedInput = PredictInput | readonly number[];

/** How far a call of `embed` is, in inputs. */
export interface EmbedProgress {
  readonly done: number;
  readonly total: number;
}

export interface EmbedOptions {
  /** 32: how many inputs run through the model together. */
  readonly batch_size?: number;
  /** Default: the folder's, as its 1_Pooling says; 'mean' for texts without one, 'first' for images. */
  readonly pooling?: PoolingMode;
  /** Whether each vector is divided by its length. Default: whether the folder's modules.json has a Normalize. */
  readonly normalize?: boolean;
  /** An adapter to use, active or not; '__base__' for the base model. Default: the active adapters. */
  readonly adapter_name?: string;
  readonly progress_callback?: (progress: EmbedProgress) => void;
  readonly signal?: AbortSignal | undefined;
}

/** Loss and accuracy over examples. */
export interface HeadFigures {
  /** The mean loss, as `Trainer.evaluate` gives it: cross-entropy, binary cross-entropy, or the squared error. */
  readonly loss: number;
  /** The share of examples whose prediction is right; with several labels at once, all labels must be right. null for numbers. */
  readonly accuracy: number | null;
}

/**
 * The confusion matrix: one list for each label, with the number of its examples that were predicted as each label. Both are in the order
 * of the model's labels. null for numbers, for several labels at once, and for more than 256 labels.
 */
export type Confusion = readonly (readonly number[])[] | null;

/** The figures of a solved head on examples that it wasn't solved for, and those of the head before it. */
export interface HeldOutFit {
  readonly examples: number;
  readonly before: HeadFigures;
  readonly after: HeadFigures;
  /** Each example's part in `after.loss`, in the order of the examples. The mean of these numbers is `after.loss`. */
  readonly losses: readonly number[];
  /**
   * The head's figures with its scores multiplied by `scale`, the factor that calibrates them over these examples, so that the losses of
   * two heads are comparable even if one is too sure of itself. `scale` is 1 for numbers.
   */
  readonly calibrated: { readonly scale: number; readonly loss: number; readonly losses: readonly number[] };
  readonly confusion: Confusion;
}

/** A solved head. `loss` and `accuracy` are its figures over the examples that it was solved for. */
export interface HeadFit extends HeadFigures {
  /** The strength: the inverse weight of the penalty. */
  readonly C: number;
  /** The factor of the regression's scores that calibrates them on examples held out in turn; 1 unless C is 'auto'. */
  readonly scale: number;
  /** Figures over examples that were held out in turn. null if C was given, or no label has two examples. */
  readonly cross_validated: (HeadFigures & { readonly folds: number; readonly confusion: Confusion }) | null;
  readonly examples: number;
  /** The figures that the head had before, over the same examples. */
  readonly before: HeadFigures;
  /** The figures over `eval_dataset`; null without one. */
  readonly held_out: HeldOutFit | null;
  /** The number of examples that ran through the model; the features of the others were known from earlier calls. */
  readonly computed: number;
  readonly seconds: number;
}
