import type { ErrorCode } from '../errors/error';
import type { PreferenceExample, PreferenceLoss, RatedExample } from '../preferences/preference';
import type { WeightedExample } from '../preferences/weighted_example';
import type { ChatMessage } from './chat';
import type { ImageInput, RgbImage, SentImage } from './image';
import type { Tensor } from './tensor';

/** Training arguments with the names and meanings of Hugging Face (and TRL); the defaults are chosen for adapters that train vectors. */
export interface TrainingArguments {
  /** Default: 4. */
  per_device_train_batch_size?: number;
  /** Default: 1. The loss is the mean over all labelled tokens of the step. */
  gradient_accumulation_steps?: number;
  /** Default: 3. May be a fraction. */
  num_train_epochs?: number;
  /** Default: −1, for as many steps as `num_train_epochs` takes. */
  max_steps?: number;
  /**
   * The default depends on the adapter's kind, and on whether the model continues texts or classifies; docs/guide/choose.md lists the
   * rates. Vectors need higher rates than dense weights. A run halves its rate if the rate proves too high: see `Trainer.train`.
   */
  learning_rate?: number;
  /**
   * The learning rate of modules that are trained in full, such as a classifier's head. Default: `learning_rate`, as in PEFT. That is high
   * for dense weights; 4e-3 is a good value. Both rates follow the same schedule. Rejected if no module is trained in full.
   */
  headLearningRate?: number;
  /** Default: 'linear'. */
  lr_scheduler_type?: 'linear' | 'cosine' | 'constant' | 'constant_with_warmup';
  /** The number of steps in which the rate rises from 0; a value below 1 is a share of all steps. Above 0, `warmup_ratio` is ignored. */
  warmup_steps?: number;
  /** The share of all steps in which the rate rises. Default: 0.06, or 0 if `warmup_steps: 0` is passed. A run of one step ignores it. */
  warmup_ratio?: number;
  /** Default: 0. Applies to every trainable tensor. */
  weight_decay?: number;
  /** Default: 0.9. */
  adam_beta1?: number;
  /** Default: 0.999. */
  adam_beta2?: number;
  /** Default: 1e-8. */
  adam_epsilon?: number;
  /** Default: 1. With 0, gradients aren't clipped. */
  max_grad_norm?: number;
  /**
   * Default: 'labels', the loss of the model's predictions. 'contrast' is for classifiers with one class per example. It doesn't train the
   * head, but the vectors that the head reads: vectors of one class become similar, and vectors of different classes don't (supervised
   * contrastive learning, Khosla et al. 2020). The head doesn't change, and suits the new vectors only after `fit_head`. 'contrast' is made
   * for few examples of each class. `Profile.learn({ method: 'refine' })` trains the vectors and then fits the head.
   *
   * A row is compared with the rows of its own micro-batch, so `gradient_accumulation_steps` doesn't replace a larger batch; batches of 16
   * or more are good. Each batch consists of pairs of examples of one class, from as many classes as possible. In a class of odd size, the
   * example without a partner comes last. With `shuffle: false` the given order is used, and a row adds nothing to the loss if its batch
   * has no other row of its class. Evaluations report this loss over batches of pairs as `eval_loss`; the other metrics are those of the
   * unchanged head. Rejected: `per_device_train_batch_size` that is odd or below 4, `headLearningRate`, `label_smoothing_factor`,
   * `group_by_length`.
   */
  objective?: 'labels' | 'contrast';
  /** The divisor of cosine similarities, only for the objective 'contrast'. A lower value weighs similar vectors more. Default: 0.1. */
  contrastTemperature?: number;
  /** Default: 0. The share of each label, from 0 to 1, that is spread evenly over all classes or tokens. Evaluations don't spread it. */
  label_smoothing_factor?: number;
  /**
   * For classifiers: the weight of each class's loss, by label; 1 for labels without an entry. 'balanced' gives all classes of
   * `train_dataset` the same total weight: each of a class's m examples has the weight n / (k · m), for n examples and k classes. Default:
   * equal weights. Language models reject `classWeights`.
   */
  classWeights?: 'balanced' | Readonly<Record<string, number>>;
  /**
   * Default: false. Puts examples of similar length into a batch, as transformers does: shuffles them, then sorts them by length within
   * groups of up to 50 steps, the longest first. Rejected with `shuffle: false`.
   */
  group_by_length?: boolean;
  /**
   * Default: false. Stores the activations of one model block at a time, and recomputes the others in the backward pass. This takes less
   * memory and about a third more time, with bitwise equal results. It is enabled automatically, with a warning, when memory runs out.
   */
  gradient_checkpointing?: boolean;
  /** The number of steps between two log events. Default: 1. */
  logging_steps?: number;
  /**
   * Default: 'steps'. Determines when the run's state is stored in this browser, so that `resume_from_checkpoint` can resume from it.
   * Unless it is 'no', a checkpoint is also stored after 2, 4, 8, 16 and 32 seconds, then every 30 seconds without another checkpoint;
   * while the run is paused; when the page is hidden, frozen or left, if the browser still allows it; and at the run's end. If the page is
   * closed, at most half of a short run is lost, and thirty seconds of a long one.
   */
  save_strategy?: 'no' | 'steps' | 'epoch';
  /** The number of steps between two checkpoints of the strategy 'steps'. Default: 20. */
  save_steps?: number;
  /** Default: 'no'. Determines when the run is evaluated on `eval_dataset`. The event `evaluate` has the metrics. */
  eval_strategy?: 'no' | 'steps' | 'epoch';
  /** The number of steps between two evaluations of the strategy 'steps'. Default: 20. */
  eval_steps?: number;
  /** Whether the adapter gets the values of the best evaluation at the end of the run, instead of the last values. Default: false. */
  load_best_model_at_end?: boolean;
  /** The metric by which evaluations are compared. Default: 'eval_loss'. */
  metric_for_best_model?: string;
  /** Default: false for losses, perplexity, 'kl' and metrics of rejected texts, true for all other metrics. */
  greater_is_better?: boolean;
  /** The run ends after this many evaluations in a row that don't improve on the best one. Default: 0, for never. */
  early_stopping_patience?: number;
  /** Default: 0. An improvement must exceed this value to count for `early_stopping_patience`. */
  early_stopping_threshold?: number;
  /** Default: 42. */
  seed?: number;
  /**
   * Default: 1024 tokens, or the model's limit if that is less. Longer examples are truncated. Examples whose prompt fills this length, so
   * that no token remains to predict, are left out; a warning of the session (`left_out`) counts them.
   */
  max_length?: number;
  /**
   * Default: false. Joins examples, with an end-of-text token between them, and splits them into blocks of `max_length` tokens. Tokens
   * attend only to their own example. If a block ends within an example, the rest counts as a new example in the next block.
   */
  packing?: boolean;
  /**
   * Whether the loss excludes prompts, and in conversations everything except the assistant's turns. Default: true if examples have such
   * parts. It covers TRL's `assistant_only_loss` too.
   */
  completion_only_loss?: boolean;
  /** Default: true. With false, examples are used in the given order. */
  shuffle?: boolean;
  /** Whether the run continues or pauses while the page is hidden. Default: 'continue'. */
  whenHidden?: 'continue' | 'pause';
  /**
   * Default: false. Prevents the screen from turning off while the run trains and the page is visible, because phones stop pages when the
   * screen is off. If the browser can't do that, or refuses because the battery is low, the session reports the warning `not_kept_awake`.
   */
  keepAwake?: boolean;
}

/** All training arguments with the defaults filled in. The arguments in `DecidedLater` may be null: they have no fixed default. */
export type ResolvedTrainingArguments = Readonly<
  Required<Omit<TrainingArguments, DecidedLater>> & {
    [Key in DecidedLater]: Exclude<TrainingArguments[Key], undefined> | null;
  } & {
    /** Set for a run that learns from preferences. */
    preference: PreferenceLoss | null;
  }
>;

type DecidedLater =
  | 'completion_only_loss'
  | 'greater_is_better'
  | 'headLearningRate'
  | 'classWeights'
  | 'contrastTemperature';

/** The labels of an example that has several: their names, a number from 0 to 1 for each label of the model, or the numbers to predict. */
export type LabelList = readonly number[] | readonly string[];

/** An image, for classifiers of images. */
export type ImageExample =
  /** A file, pixels of any size, or a picture that a page shows. It is preprocessed as the model's folder says. */
  | { readonly image: ImageInput; readonly label?: number | string; readonly labels?: LabelList }
  /** An image that already has the model's input size, as profiles store images. Its bytes are used unchanged. */
  | { readonly prepared: RgbImage; readonly label?: number | string; readonly labels?: LabelList }
  /** (C,H,W) or (1,C,H,W), as the model's preprocessing returns them. */
  | { readonly pixel_values: Tensor; readonly label?: number | string; readonly labels?: LabelList };

/** An example as it is sent to the worker. */
export type SentExample =
  | Exclude<Example, { readonly image: unknown }>
  | { readonly image: SentImage; readonly label?: number | string; readonly labels?: LabelList };

export type Example =
  | ({
      /** A language model learns to predict all its tokens. Unlike in TRL's `SFTTrainer`, no EOS token is added, except with `packing`. */
      readonly text: string;
    } & WeightedExample)
  | ({ readonly prompt: string; readonly completion: string } & WeightedExample)
  | PreferenceExample
  | RatedExample
  /**
   * A conversation, rendered with the tokenizer's chat template. The loss covers the assistant's turns and the tokens that close them. Some
   * templates render a turn differently if other turns follow: Qwen3's then leaves out the reasoning. With such a template, only the last
   * turns are learnt, and the warning `turns_left_out` counts the others.
   */
  | ({ readonly messages: readonly ChatMessage[] } & WeightedExample)
  /** For classifiers: one of the model's labels or its index, or the number to predict. */
  | { readonly text: string; readonly text_pair?: string; readonly label: number | string }
  | { readonly text: string; readonly text_pair?: string; readonly labels: LabelList }
  /** For classifiers of tokens: words. Each word is tokenised as if it followed a space. Its first token gets its label. */
  | { readonly tokens: readonly string[]; readonly labels: LabelList }
  | ImageExample
  | ({
      readonly input_ids: readonly number[];
      /** One label for each token. For a classifier of texts: one label, or a list of the labels that the text has. */
      readonly labels?: LabelList | number;
      readonly label?: number | string;
      readonly attention_mask?: readonly number[];
      /** For encoders: 1 for the tokens of the second of two texts. */
      readonly token_type_ids?: readonly number[];
    } & WeightedExample);

/**
 * A Blob is CSV if its type or name says so (text/csv, .csv), JSON Lines if its type, name (application/jsonl, .jsonl) or content says so,
 * else plain text that is split into blocks of `max_length`. One JSON document is refused with `invalid_format`. The first row of a CSV
 * file names its columns after an example's fields: text and label, or prompt and completion. Labels may be numbers; a CSV file can't hold
 * lists of labels.
 */
export type Dataset = Iterable<Example> | AsyncIterable<Example> | Blob;

/** The format of a Blob of examples. */
export type FileFormat = 'jsonl' | 'csv' | 'text';

/** The progress of a run. `global_step` counts the updates that the GPU has acknowledged. */
export interface TrainProgress {
  readonly global_step: number;
  readonly max_steps: number;
  readonly epoch: number;
}

export interface TrainerState extends TrainProgress {
  /** The logs so far, in one list that all states of a run share. The list grows, except when steps are repeated. */
  readonly log_history: readonly StepLogs[];
  /** The evaluations so far, shared by all states of one run. */
  readonly eval_history: readonly EvalLogs[];
  /** The best evaluation's `metric_for_best_model`; null before the first evaluation. */
  readonly best_metric: number | null;
  readonly best_global_step: number | null;
  /** The adapter that this state is about, in a run that trains several adapters on their own data. */
  readonly adapter?: string;
  /** In a run of several adapters, the state of each by name. `global_step` and `max_steps` then count the steps of all adapters. */
  readonly adapters?: Readonly<Record<string, TrainerState>>;
}

/** The metrics of one evaluation during a run. */
export interface EvalLogs {
  /** The step after which the evaluation ran. */
  readonly step: number;
  readonly epoch: number;
  readonly metrics: Readonly<Record<string, number>>;
}

export interface StepLogs {
  readonly step: number;
  /** The loss of this step's batch, before the update. */
  readonly loss: number;
  /** The norm of the gradient over all trainable tensors, before clipping. */
  readonly grad_norm: number;
  readonly learning_rate: number;
  readonly tokens_per_second: number;
  readonly seconds_left: number;
  /** Runs that learn from preferences have further metrics, by TRL's names: 'rewards/chosen', 'logps/rejected' and others. */
  readonly [metric: `${'rewards' | 'logps'}/${string}`]: number;
  /** With `KTOTrainer`: the estimated KL divergence from the base model. */
  readonly kl?: number;
}

/** The name of a metric in the logs of runs that learn from preferences, as in TRL. */
export type LogMetric = `${'rewards' | 'logps'}/${string}` | 'kl';

export interface TrainOutput {
  readonly global_step: number;
  /** The mean of the steps' losses. */
  readonly training_loss: number;
  /** Times in seconds, tokens per second, dispatches, FLOP and bytes: see docs/guide/runs.md. A profile's `learn` has other metrics. */
  readonly metrics: Readonly<Record<string, number>>;
  /** The output of each adapter by name, for a run that trains several adapters on their own data. The other fields cover all adapters. */
  readonly adapters?: Readonly<Record<string, TrainOutput>>;
}

/** 'busy': the visitor is using the page, and the run waits until they stop. */
export type PauseReason = 'user' | 'hidden' | 'busy' | 'frozen' | 'lock';

export type TrainEvent =
  /**
   * A long data set is being read, before the first step. The event is sent about every percent, and at most once for each megabyte of a
   * Blob or 100 examples. `loaded` and `total` count bytes of a Blob, else examples; `total` is undefined for an iterable without a length.
   */
  | {
      readonly type: 'reading';
      readonly state: TrainerState;
      readonly dataset: 'train_dataset' | 'eval_dataset';
      readonly loaded: number;
      readonly total: number | undefined;
    }
  | { readonly type: 'log'; readonly state: TrainerState; readonly logs: StepLogs }
  /** The run was evaluated on `eval_dataset`. */
  | { readonly type: 'evaluate'; readonly state: TrainerState; readonly metrics: Readonly<Record<string, number>> }
  /** The state after step `global_step` is stored. `durable`: on disk; otherwise only until the session ends. */
  | { readonly type: 'save'; readonly state: TrainerState; readonly checkpoint: string; readonly durable: boolean }
  /** The first event of a run that resumes from a checkpoint. `log_history` holds the earlier steps. */
  | { readonly type: 'restored'; readonly state: TrainerState; readonly checkpoint: string }
  /**
   * An error occurred, and the run has recovered from its last stored state. It repeats `repeatedSteps` steps that were already reported.
   * `log_history` ends before them.
   */
  | {
      readonly type: 'recovered';
      readonly state: TrainerState;
      readonly cause: ErrorCode;
      readonly repeatedSteps: number;
    }
  /**
   * A run is paused while any reason for it remains. `paused` is sent again when another reason replaces the reported one ('user' takes
   * precedence), and `resumed` with the last reason.
   */
  | { readonly type: 'paused' | 'resumed'; readonly state: TrainerState; readonly reason: PauseReason }
  | { readonly type: 'warning'; readonly state: TrainerState; readonly code: ErrorCode; readonly message: string };
