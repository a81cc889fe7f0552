import type { ChatMessage } from '../types/chat';

/** A text, or the messages of a part of a conversation, which the tokenizer's chat template renders. */
export type TextOrMessages = string | readonly ChatMessage[];

/** Two continuations of a prompt, of which a person prefers the first. All three are texts, or all are lists of messages. */
export interface PreferenceExample {
  readonly prompt: TextOrMessages;
  readonly chosen: TextOrMessages;
  readonly rejected: TextOrMessages;
  /** Default: 1. A finite factor of the example's loss, 0 or more. */
  readonly weight?: number;
}

/** A continuation of a prompt that a person finds good (true) or bad (false). Both are texts, or both are lists of messages. */
export interface RatedExample {
  readonly prompt: TextOrMessages;
  readonly completion: TextOrMessages;
  readonly label: boolean;
  /** Default: 1. A finite factor of the example's loss, 0 or more. */
  readonly weight?: number;
}

/** TRL's losses of `DPOTrainer`. */
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
