import type { ChatMessage } from '../../core/types/chat';
import type { SaveDtype } from '../../core/types/model';
import type { TrainingArguments } from '../../core/types/training';
import { saveDtype } from '../adapters/adapter_options';
import type { AnyAdapterConfigInit } from '../adapters/page_kinds';
import { wrong } from '../session/options';
import { anyBoolean, anyObject, integer } from '../session/rules';
import { type CallOptions, callRules } from '../session/session';
import type { DPOConfig, KTOConfig } from '../training/preference_arguments';

/** The settings of a profile. A `session` may only be that of the base model. */
export interface ProfileOptions extends CallOptions {
  /**
   * The configuration of a new profile's adapter. Defaults: PEFT's, except target_modules 'all-linear' unless the kind has targets of its
   * own, save_projection false and, over a classifier, the setting that makes PEFT train its head: task_type 'SEQ_CLS' for texts,
   * modules_to_save ['classifier'] for images. A profile trains vectors and a classifier's head: no `bias`, no other `modules_to_save`. For
   * an existing profile, given values must equal those that it was created with.
   */
  readonly peft_config?: AnyAdapterConfigInit;
  /**
   * Default arguments of `learn`, stored with the profile. A profile evaluates its runs itself, so `eval_strategy`,
   * `early_stopping_patience` and `load_best_model_at_end` are refused. `objective` is refused too: the method 'refine' chooses it.
   */
  readonly args?: TrainingArguments;
  /** Default: 1000. Beyond that, a uniform random sample is stored. */
  readonly max_examples?: number;
  /**
   * Default: true. With false, examples are only held in this page's memory, and an interrupted `learn` can't resume.
   */
  readonly keep_examples?: boolean;
  /**
   * Default: 'float32'. With 'float16' a profile's vectors and head take half the bytes, stored and exported: they are rounded when a
   * `learn` replaces them. Another value applies from the next `learn` on.
   */
  readonly save_dtype?: SaveDtype;
}

/**
 * How a profile learns.
 *
 * 'train' trains its vectors and head by gradient descent, in one phase for each `LearnKind` that it has. 'instant' solves for the last
 * layer of its head over the features of the examples, for classifiers only. 'refine' does the same, then trains the vectors by contrast
 * (the objective 'contrast' of `TrainingArguments`), then solves for the head again. It takes as long as a training run, and is made for
 * few examples a class. A classifier of two classes, of numbers, or of several labels at once trains by its own loss instead, at a rate of
 * 1e-2, while its solved head stays.
 *
 * 'refine' compares the vectors from before, the trained ones and their mean, each with a solved head, on the held-out examples. It takes
 * the trained ones, unless others have a loss that is lower by more than a standard error. While fewer than 20 examples are held out, it
 * leaves a fifth of each label's examples out of the training, or a third if a fifth would be fewer than ten in all, and compares on
 * these. If they are fewer than three, it compares on the held-out examples, and without any it trains nothing, as 'instant'. In the end
 * the head is solved for over all examples to learn from.
 */
export type LearnMethod = 'train' | 'instant' | 'refine';

/**
 * The kinds from which the method 'train' learns, in the order of its phases: examples by likelihood, as `Trainer` does; preferences as
 * `DPOTrainer` does; ratings as `KTOTrainer` does. The base model is the reference of the latter two.
 */
export type LearnKind = 'examples' | 'preferences' | 'ratings';

/** A phase of a run: training on all that is of one kind. */
export interface LearnPhase {
  readonly kind: LearnKind;
  /** The number of examples, preferences or ratings trained on. */
  readonly examples: number;
  /** The number of examples, preferences or ratings held out. While it is 0, the figures are over those trained on. */
  readonly held_out: number;
  readonly steps: number;
  /** The mean loss, before the run and at its end: over labelled tokens, preferences or ratings. */
  readonly loss_before: number;
  readonly loss_after: number;
  /** The share of preferences whose chosen text has the higher reward; null for other kinds. */
  readonly accuracy_before: number | null;
  readonly accuracy_after: number | null;
}

/** Vectors and a head that the method 'refine' compared. */
export interface LearnCandidate {
  /**
   * 'instant': the vectors from before. 'contrast' and 'labels': vectors that were trained by that objective. 'halfway': the mean of
   * both. All have a solved head.
   */
  readonly name: 'instant' | 'contrast' | 'labels' | 'halfway';
  /** The mean loss over the examples that the candidates are compared on, with the factor of the scores that suits these examples. */
  readonly loss: number;
  /** The share of these examples whose label is predicted right; null for numbers. */
  readonly accuracy: number | null;
  readonly chosen: boolean;
}

/** The outcome of one completed `learn()`. */
export interface LearnRecord {
  /** Milliseconds since 1970. */
  readonly at: number;
  readonly method: LearnMethod;
  /** The number of examples, preferences and ratings trained on. */
  readonly examples: number;
  /** The number of examples, preferences and ratings held out. While it is 0, the losses are over those trained on. */
  readonly held_out: number;
  /** Steps of training: 0 with the method 'instant', and with 'refine' if there were too few examples to compare candidates on. */
  readonly steps: number;
  /** Mean loss of the held-out examples before the run and after it; with the method 'train' the sum of its phases' losses. */
  readonly loss_before: number;
  readonly loss_after: number;
  /** The phases in their order. Empty for other methods than 'train', and in records of older versions. */
  readonly phases: readonly LearnPhase[];
  /** The inverse strength of the penalty with which the head was solved for; null for other methods. */
  readonly C: number | null;
  /** The cross-validated mean loss over all examples that were trained on; null unless the head was solved for with cross-validation. */
  readonly cross_validated_loss: number | null;
  /** The share of these examples whose label is predicted right. null as for the loss, and for numbers. */
  readonly cross_validated_accuracy: number | null;
  /** The share of held-out examples whose label is predicted right. null unless a head was solved for, and while none are held out. */
  readonly accuracy_before: number | null;
  readonly accuracy_after: number | null;
  /** The candidates, in the order in which they were made. Empty for other methods than 'refine', and without examples to compare on. */
  readonly candidates: readonly LearnCandidate[];
  /**
   * The places, from 0, of the examples that the method 'refine' compared its candidates on, among all stored examples in the order of
   * their arrival: the held-out ones if these are 20 or more, else others that it left out of the training, or the held-out ones if too few
   * could be left out. Empty for other methods.
   */
  readonly left_out: readonly number[];
  /** Whether the new vectors replaced the ones before. */
  readonly taken: boolean;
  /** Set once `rollback()` has restored the vectors from before. */
  readonly undone?: true;
}

/** A text with its prompt. */
export interface GeneratedText {
  /** '' if there is none. */
  readonly prompt: string | readonly ChatMessage[];
  /** The text after the prompt, or the answer to its last message. */
  readonly completion: string;
}

/** Facts about a profile, available without opening it. */
export interface ProfileInfo {
  readonly id: string;
  /** The number of stored examples. */
  readonly examples: number;
  /** The number of examples ever added. */
  readonly seen: number;
  /** The number of stored ratings. */
  readonly ratings: number;
  /** The number of stored preferences. */
  readonly preferences: number;
  /** The stored size of its vectors, examples, ratings and preferences, without the features that later runs use again. */
  readonly bytes: number;
  /** Milliseconds since 1970, as for all times. */
  readonly created_at: number;
  /** When the profile was last opened or changed. */
  readonly used_at: number;
  /**
   * The name of the base model that it began with: from `base_model_name_or_path` in `peft_config`, else from the model's config.json, else
   * the source that the model was loaded from. null if none of them names it, as for files without names.
   */
  readonly base_model: string | null;
  /** The last hundred outcomes, oldest first. */
  readonly history: readonly LearnRecord[];
  readonly can_roll_back: boolean;
}

export interface LearnOptions {
  /** Default: 'train'. */
  readonly method?: LearnMethod;
  /**
   * Overrides the profile's arguments. The method 'instant' takes `max_length`, `per_device_train_batch_size` and `classWeights`
   * from them. The method 'refine' has defaults of its own: batches of 16, and 60 steps and one more for every 20 examples. It
   * leaves `headLearningRate`, `label_smoothing_factor` and `group_by_length` out while it trains by contrast.
   */
  readonly args?: TrainingArguments;
  /** Arguments that override `args` for the preferences, which the method 'train' learns by DPO. */
  readonly preferences?: DPOConfig;
  /** Arguments that override `args` for the ratings, which the method 'train' learns by KTO. */
  readonly ratings?: KTOConfig;
  /**
   * Default: 'now'. 'idle': trains only while the page is visible and the visitor hasn't used it for two seconds;
   * otherwise the run is paused, with the reason 'hidden' or 'busy'.
   */
  readonly when?: 'now' | 'idle';
  /** When it aborts, the profile stays as it was before `learn`. */
  readonly signal?: AbortSignal | undefined;
}

/** All kinds, in the order of a run's phases. */
export const LEARN_KINDS: readonly LearnKind[] = ['examples', 'preferences', 'ratings'];

export const LEARN_METHODS: readonly LearnMethod[] = ['train', 'instant', 'refine'];

/** The largest `max_examples`. */
export const MAX_EXAMPLES = 100_000;

export const profileRules = {
  ...callRules,
  peft_config: anyObject,
  args: anyObject,
  max_examples: integer(1, MAX_EXAMPLES),
  keep_examples: anyBoolean,
  save_dtype: saveDtype,
};

const LONGEST_ID = 200;

export function checkId(id: string): string {
  const isId = typeof id === 'string' && id !== '' && id.length <= LONGEST_ID && isWellFormed(id);
  if (isId) return id;
  throw wrong(
    'profile: id',
    `a string of 1 to ${LONGEST_ID} characters`,
    id,
    "If the page has only one profile, call it 'default'.",
  );
}

/** Half a surrogate pair can't be encoded as UTF-8. */
function isWellFormed(text: string): boolean {
  try {
    encodeURIComponent(text);
    return true;
  } catch {
    return false;
  }
}
