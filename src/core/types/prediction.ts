import type { PoolingMode } from '../pooling/pooling';
import type { ImageInput } from './image';
import type { Example } from './training';

/** An input for classification: a text, an image, or an example without its label. */
export type PredictInput =
  | string
  | ImageInput
  | { readonly text: string; readonly text_pair?: string }
  | Exclude<Example, { readonly prompt: unknown } | { readonly messages: unknown } | { readonly tokens: unknown }>;

/** The probability of a label, or the predicted number of a label in a regression model. */
export interface LabelScore {
  readonly label: string;
  /** From 0 to 1: the softmax of the logits, or the sigmoid of the label's logit in a multi-label model. */
  readonly score: number;
  /** For multi-label models: whether the model predicts this label, because its score is above 0.5. */
  readonly told?: boolean;
}

export interface PredictOptions {
  /** The number of inputs that run through the model together. Default: 8. */
  readonly per_device_eval_batch_size?: number;
  /**
   * The largest number of tokens of a text that are used. Default for a profile: `args.max_length`, or 1024, as in `learn`. Default for a
   * model: its limit, even if its head was trained on shorter texts. `Trainer` and `fit_head` cut texts at 1024 tokens by default.
   */
  readonly max_length?: number;
  /** The adapter to use, even if it isn't active; '__base__' for the base model. Default: the active adapters. */
  readonly adapter_name?: string;
  readonly signal?: AbortSignal | undefined;
}

/** An input for `embed`: a text, two texts as `{ text, text_pair }`, token ids, or an image. */
export type EmbedInput = PredictInput | readonly number[];

/** The progress of a call of `embed`, counted in inputs. */
export interface EmbedProgress {
  readonly done: number;
  readonly total: number;
}

export interface EmbedOptions {
  /** The number of inputs that run through the model together. Default: 32. */
  readonly batch_size?: number;
  /**
   * How token vectors are pooled. If it is set, the folder's Dense layers are skipped. Default: for texts, the mode in the folder's
   * 1_Pooling, or 'mean' without one; for images, 'first'.
   */
  readonly pooling?: PoolingMode;
  /** Whether each vector is divided by its norm. Default: whether the folder's modules.json has a Normalize module. */
  readonly normalize?: boolean;
  /** The adapter to use, even if it isn't active; '__base__' for the base model. Default: the active adapters. */
  readonly adapter_name?: string;
  readonly progress_callback?: (progress: EmbedProgress) => void;
  readonly signal?: AbortSignal | undefined;
}

/** Loss and accuracy over examples. */
export interface HeadFigures {
  /** The mean loss, as `Trainer.evaluate` gives it: cross-entropy, binary cross-entropy, or the squared error. */
  readonly loss: number;
  /**
   * The share of examples that are predicted correctly. An example with several labels counts only if all of them are correct. null if the
   * model predicts numbers.
   */
  readonly accuracy: number | null;
}

/**
 * The confusion matrix: one list for each true label, which counts that label's examples by their predicted labels. The lists and their
 * entries are in the order of the model's labels. null if the model predicts numbers or several labels per example, or has over 256 labels.
 */
export type Confusion = readonly (readonly number[])[] | null;

/** Loss and accuracy before and after `fit_head` has solved for a head, on examples that weren't used to solve for it. */
export interface HeldOutFit {
  readonly examples: number;
  readonly before: HeadFigures;
  readonly after: HeadFigures;
  /** Each example's contribution to `after.loss`, in the order of the examples. The mean of these numbers is `after.loss`. */
  readonly losses: readonly number[];
  /**
   * The solved head's loss if its scores are multiplied by `scale`, the factor that calibrates the scores on these examples. This makes the
   * losses of two heads comparable, even if one is overconfident. `scale` is 1 if the model predicts numbers.
   */
  readonly calibrated: { readonly scale: number; readonly loss: number; readonly losses: readonly number[] };
  readonly confusion: Confusion;
}

/** A head that `fit_head` has solved for. `loss` and `accuracy` are computed on the examples that were used to solve for it. */
export interface HeadFit extends HeadFigures {
  /** The inverse strength of the regression's penalty, as in scikit-learn: a smaller C penalises large weights more. */
  readonly C: number;
  /** The factor by which the regression's scores are multiplied, as calibrated by cross-validation; 1 unless C is 'auto'. */
  readonly scale: number;
  /** Loss and accuracy in cross-validation. null if C was given, or if no label has two examples. */
  readonly cross_validated: (HeadFigures & { readonly folds: number; readonly confusion: Confusion }) | null;
  readonly examples: number;
  /** Loss and accuracy of the previous head on the same examples. */
  readonly before: HeadFigures;
  /** Loss and accuracy on `eval_dataset`; null without one. */
  readonly held_out: HeldOutFit | null;
  /** The number of examples that ran through the model. The features of the others were cached by earlier calls. */
  readonly computed: number;
  readonly seconds: number;
}
