import type { ImageInput } from './image';
import type { Example } from './training';

/** What can be classified: a text, an image, or an example without its label. */
export type PredictInput =
  | string
  | ImageInput
  | Exclude<Example, { readonly prompt: unknown } | { readonly messages: unknown }>;

/** How likely a label is, or, from a model that predicts numbers, the label's number. */
export interface LabelScore {
  readonly label: string;
  /** From 0 to 1: the softmax of the logits, or the sigmoid of the label's own where several go together. */
  readonly score: number;
  /** Of a model that tells several labels at once: whether the input has this one, as its score is above 0.5. */
  readonly told?: boolean;
}

export interface PredictOptions {
  /** 8: how many inputs go through the model together. */
  readonly per_device_eval_batch_size?: number;
  /** What the model can take: how many tokens of a text are looked at. */
  readonly max_length?: number;
  /** An adapter to use, active or not; '__base__' for none. The active ones by default. */
  readonly adapter_name?: string;
  readonly signal?: AbortSignal | undefined;
}
