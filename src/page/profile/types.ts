import type { ChatMessage } from '../../core/types/chat';
import type { SaveDtype } from '../../core/types/model';
import type { TrainingArguments } from '../../core/types/training';
import { saveDtype } from '../adapters/adapter_options';
import type { AnyAdapterConfigInit } from '../adapters/page_kinds';
import { wrong } from '../session/options';
import { anyBoolean, anyObject, integer } from '../session/rules';
import { type CallOptions, callRules } from '../session/session';
import type { DPOConfig, KTOConfig } from '../training/preference_arguments';

/** The settings of a profile. If a `session` is given, it must be the base model's. */
export interface ProfileOptions extends CallOptions {
  /** When it aborts, the call rejects with `signal.reason`. A profile or settings that are being stored at that moment stay stored. */
  readonly signal?: AbortSignal | undefined;
  /**
   * The adapter config of a new profile. Defaults are PEFT's, with three exceptions: target_modules is 'all-linear', unless the adapter
   * kind has targets of its own; save_projection is false; and for a classifier, task_type 'SEQ_CLS' (texts) or modules_to_save
   * ['classifier'] (images) makes PEFT train its head. A profile trains only vectors and a classifier's head, so `bias` and other
   * `modules_to_save` are rejected. For an existing profile, given values must equal those that it was created with. In an instance of a
   * configuration's class, fields with PEFT's default count as left out, except those for which an existing profile was created with
   * another value than its default.
   */
  readonly peft_config?: AnyAdapterConfigInit;
  /**
   * Default arguments of `learn`, stored with the profile. A profile evaluates its runs itself, so `eval_strategy`,
   * `early_stopping_patience` and `load_best_model_at_end` are rejected. `objective` is rejected too, because the method 'refine' chooses
   * it.
   */
  readonly args?: TrainingArguments;
  /** Default: 1000. Beyond that, a uniform random sample is stored. */
  readonly max_examples?: number;
  /**
   * Default: true. With false, examples are only held in this page's memory, and an interrupted `learn` can't resume.
   */
  readonly keep_examples?: boolean;
  /**
   * Default: 'float32'. With 'float16', a profile's vectors and head take half as many bytes, in storage and in exported files. They are
   * rounded when a `learn` replaces them. A new value applies from the next `learn` on.
   */
  readonly save_dtype?: SaveDtype;
}

/**
 * How a profile learns.
 *
 * 'train' trains the vectors and the head by gradient descent, in one phase for each `LearnKind` that the profile has. 'instant', for
 * classifiers only, solves for the last layer of the head, from the features of the examples. 'refine' does the same, then trains the
 * vectors with the objective 'contrast' of `TrainingArguments`, then solves for the head again. It takes as long as a training run, and
 * suits few examples per class. With two classes, regression, or several labels per example, the vectors train with the usual loss instead
 * of 'contrast', at a learning rate of 1e-2, while the solved head doesn't change.
 *
 * 'refine' compares three candidates on the held-out examples, each with a solved head: the vectors before the run, the trained vectors,
 * and the mean of both. It takes the trained ones, unless the loss of another candidate is lower by more than a standard error. While fewer
 * than 20 examples are held out, it compares them on examples that it leaves out of the training: a fifth of each label's examples, or a
 * third if a fifth would be fewer than ten in all. If a third is fewer than three in all, it compares them on the held-out examples; if
 * there are none, it trains nothing, like 'instant'. At the end, the head is solved for with all examples to learn from.
 */
export type LearnMethod = 'train' | 'instant' | 'refine';

/**
 * The kinds of data that the method 'train' learns from, in the order of its phases: examples by likelihood, like `Trainer`; preferences
 * like `DPOTrainer`; ratings like `KTOTrainer`. For preferences and ratings, the base model is the reference.
 */
export type LearnKind = 'examples' | 'preferences' | 'ratings';

/** A phase of a run, which trains on all data of one kind. */
export interface LearnPhase {
  readonly kind: LearnKind;
  /** The number of examples, preferences or ratings trained on. */
  readonly examples: number;
  /**
   * The number of examples, preferences or ratings held out, without those with a `weight` of 0. If it is 0, the losses and accuracies are
   * computed on those trained on.
   */
  readonly held_out: number;
  readonly steps: number;
  /**
   * The mean loss over predicted tokens or labels, preferences or ratings, before the run and at its end. As in training, each loss is
   * multiplied by the example's `weight`, or its class's in `classWeights`. Examples with a weight of 0 don't count.
   */
  readonly loss_before: number;
  readonly loss_after: number;
  /** The share of preferences whose chosen text has the higher reward; null for other kinds. */
  readonly accuracy_before: number | null;
  readonly accuracy_after: number | null;
}

/** A candidate of the method 'refine': vectors, with a solved head. */
export interface LearnCandidate {
  /** 'instant': the vectors before the run. 'contrast' and 'labels': vectors trained with that objective. 'halfway': the mean of both. */
  readonly name: 'instant' | 'contrast' | 'labels' | 'halfway';
  /**
   * The mean loss on the examples that the candidates are compared on, after the scores were scaled to calibrate them on these examples.
   */
  readonly loss: number;
  /** The share of correct predictions on the examples that the candidates are compared on; null for regression. */
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
  /** The number of examples, preferences and ratings held out. If it is 0, the losses are computed on those trained on. */
  readonly held_out: number;
  /**
   * The number of training steps: 0 with the method 'instant', and with 'refine' if there were too few examples to compare candidates on.
   */
  readonly steps: number;
  /** Mean loss of the held-out examples before the run and after it; with the method 'train' the sum of its phases' losses. */
  readonly loss_before: number;
  readonly loss_after: number;
  /** The phases in their order. Empty for methods other than 'train', and in records of older versions. */
  readonly phases: readonly LearnPhase[];
  /** The C (inverse strength of the L2 penalty) with which the head was solved for; null for the method 'train'. */
  readonly C: number | null;
  /** The cross-validated mean loss over all examples that were trained on; null unless the head was solved for with cross-validation. */
  readonly cross_validated_loss: number | null;
  /**
   * The share of the training examples that cross-validation predicts correctly; null for regression, and if `cross_validated_loss` is
   * null.
   */
  readonly cross_validated_accuracy: number | null;
  /** The share of held-out examples that are predicted correctly; null unless a head was solved for, and while no examples are held out. */
  readonly accuracy_before: number | null;
  readonly accuracy_after: number | null;
  /** The candidates, in the order in which they were created. Empty for methods other than 'refine', and without examples to compare on. */
  readonly candidates: readonly LearnCandidate[];
  /**
   * The examples on which the method 'refine' compared its candidates, as indices among all stored examples, in the order in which they
   * were added. These are the held-out examples if there are 20 or more; else examples left out of the training; or the held-out examples
   * if too few could be left out. Empty for other methods.
   */
  readonly left_out: readonly number[];
  /** Whether the new vectors replaced the previous ones. */
  readonly taken: boolean;
  /** Set once `rollback()` has restored the vectors from before this run. */
  readonly undone?: true;
}

/** A text with its prompt. */
export interface GeneratedText {
  /** The text or the conversation before `completion`; '' if there is none. */
  readonly prompt: string | readonly ChatMessage[];
  /** The text after the prompt, or the answer to its last message. */
  readonly completion: string;
  /**
   * Whether the text is cut off before its end, such as by `max_new_tokens`, so that the model doesn't learn to end a text there. Default:
   * false.
   */
  readonly truncated?: boolean;
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
  /** The stored size in bytes of its vectors, examples, ratings and preferences, without the features that are cached for later runs. */
  readonly bytes: number;
  /** When the profile was created, in milliseconds since 1970, like all times. */
  readonly created_at: number;
  /** When the profile was last opened or changed. */
  readonly used_at: number;
  /**
   * The name of the base model that the profile was created with: from `base_model_name_or_path` in `peft_config`, else from the model's
   * config.json, else the source that the model was loaded from. null if none of these has a name.
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
   * Arguments that override the profile's `args`. The method 'instant' uses only `max_length`, `per_device_train_batch_size` and
   * `classWeights`. The method 'refine' has its own defaults: batches of 16, and 60 steps plus one for every 20 examples. It ignores
   * `headLearningRate`, `label_smoothing_factor` and `group_by_length` while it trains by contrast.
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

/** The largest value of `max_examples`. */
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
  const isId = typeof id === 'string' && id !== '' && id.length <= LONGEST_ID && id.isWellFormed();
  if (isId) return id;
  throw wrong(
    'profile: id',
    `a string of 1 to ${LONGEST_ID} characters`,
    id,
    "If the page has only one profile, call it 'default'.",
  );
}
