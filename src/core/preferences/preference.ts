import type { ChatMessage } from '../types/chat';

/** A text, or messages of a conversation, which are rendered with the tokenizer's chat template. */
export type TextOrMessages = string | readonly ChatMessage[];

/** A prompt and two continuations; a person prefers the first. All three are texts, or all are lists of messages. */
export interface PreferenceExample {
  readonly prompt: TextOrMessages;
  readonly chosen: TextOrMessages;
  readonly rejected: TextOrMessages;
  /** The factor of the example's loss in training: a finite number, 0 or more. Default: 1. */
  readonly weight?: number;
  /** Whether `chosen` and `rejected` are cut off before their ends: see `RatedExample.truncated`. Default: false. */
  readonly truncated?: boolean;
}

/** A prompt and a continuation that a person finds good (true) or bad (false). Both are texts, or both are lists of messages. */
export interface RatedExample {
  readonly prompt: TextOrMessages;
  readonly completion: TextOrMessages;
  readonly label: boolean;
  /** The factor of the example's loss in training: a finite number, 0 or more. Default: 1. */
  readonly weight?: number;
  /**
   * Whether the completion is cut off before its end, such as by `max_new_tokens`. Then no EOS token is added, and no end of a turn, because
   * a model would learn to end there. Default: false.
   */
  readonly truncated?: boolean;
}

/** Losses of TRL's `DPOTrainer`. */
export type DpoLossType = 'sigmoid' | 'robust' | 'ipo' | 'hinge';

/** The loss of a run that learns from preferences. */
export type PreferenceLoss = DpoPreference | KtoPreference;

export interface DpoPreference {
  readonly kind: 'dpo';
  readonly beta: number;
  readonly loss_type: DpoLossType;
  /** 0, unless the loss is 'robust'. */
  readonly label_smoothing: number;
}

export interface KtoPreference {
  readonly kind: 'kto';
  readonly beta: number;
  readonly desirable_weight: number;
  readonly undesirable_weight: number;
}
