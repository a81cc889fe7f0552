import type { ImageInput } from './image';
import type { Example } from './training';

/** What can be classified: a text, an image, or an example without its label. */
export type PredictInput =
  | string
  | ImageInput
  | Exclude<Example, { readonly prompt: unknown } | { readonly messages: unknown }>;

/** How likely a label is, or, from a model with a single one, the number that it predicts. */
export interface LabelScore {
  readonly label: string;
  /** The softmax of the logits, from 0 to 1. */
  readonly score: number;
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
