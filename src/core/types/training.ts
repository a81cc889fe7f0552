import type { ErrorCode } from '../errors/error';
import type { ChatMessage } from './chat';
import type { ImageInput, RgbImage, SentImage } from './image';
import type { Tensor } from './tensor';

/** Hugging Face's (and TRL's) names and meanings; the defaults are for VeRA. */
export interface TrainingArguments {
  /** 4 */
  per_device_train_batch_size?: number;
  /** 1. The loss is the mean over all labelled tokens of the step. */
  gradient_accumulation_steps?: number;
  /** 3; may be a fraction. */
  num_train_epochs?: number;
  /** −1: as many as `num_train_epochs` gives. */
  max_steps?: number;
  /**
   * 3e-2, the best of those in RESULTS.md (the paper's VeRA rates are 4e-3 to 1e-1). A run halves it where it proves too high: see
   * `Trainer.train`.
   */
  learning_rate?: number;
  /**
   * That of modules trained whole, such as a classifier's head. Unless it is given they learn at `learning_rate`, as in PEFT, which
   * is much for dense weights beside λ: 4e-3 is a good value, which the heads of RESULTS.md have. Both follow the same schedule.
   * Refused where no module is trained whole.
   */
  headLearningRate?: number;
  /** 'linear' */
  lr_scheduler_type?: 'linear' | 'cosine' | 'constant' | 'constant_with_warmup';
  /** 0. Above 0 it wins over `warmup_ratio`. */
  warmup_steps?: number;
  /** 0.06 of all steps. */
  warmup_ratio?: number;
  /** 0. Applies to every trainable tensor. */
  weight_decay?: number;
  /** 0.9 */
  adam_beta1?: number;
  /** 0.999 */
  adam_beta2?: number;
  /** 1e-8 */
  adam_epsilon?: number;
  /** 1; 0 for no clipping. */
  max_grad_norm?: number;
  /** 0. How much of each label goes to all classes or tokens alike, up to 1. */
  label_smoothing_factor?: number;
  /**
   * Of classifiers: what each class' losses are multiplied by, by its label; 1 for those that aren't named. 'balanced': what
   * makes all classes of `train_dataset` count alike, n / (classes · n of the class). All alike unless it is given. Language
   * models refuse it.
   */
  classWeights?: 'balanced' | Readonly<Record<string, number>>;
  /**
   * false. Puts examples of similar length into a batch, as transformers does: shuffled, then sorted by length within groups
   * of up to 50 steps, the longest first. Refused beside `shuffle: false`.
   */
  group_by_length?: boolean;
  /**
   * false. Keeps one block's inner values at a time and makes the others again in the backward pass: less memory for about
   * a third more time, with the same results to the bit. Turned on by itself, with a warning, when memory runs out.
   */
  gradient_checkpointing?: boolean;
  /** 1: a log event every step. */
  logging_steps?: number;
  /**
   * 'steps'. When the run's state is kept in this browser, so that `resume_from_checkpoint` can go on from there. Unless
   * it is 'no', that is also done by time: after 2 seconds, 4, 8, 16, 32, and from then on every 30, if there was no
   * other reason meanwhile; while the run is paused; as the page is hidden, frozen or left, as far as the browser still lets it;
   * and at the run's end. So a page that is closed costs half of a short run at most, and thirty seconds of a long one.
   */
  save_strategy?: 'no' | 'steps' | 'epoch';
  /** 20: how often the strategy 'steps' does so. */
  save_steps?: number;
  /** 'no'. When a run measures itself on `eval_dataset`, as `Trainer.evaluate` does: an event `evaluate` tells what came out. */
  eval_strategy?: 'no' | 'steps' | 'epoch';
  /** 20: how often the strategy 'steps' does so. */
  eval_steps?: number;
  /** false. Whether the adapter holds the values of the best evaluation once the run is over, rather than the last. */
  load_best_model_at_end?: boolean;
  /** 'eval_loss'. What evaluations are compared by: a name among their metrics. */
  metric_for_best_model?: string;
  /** Unless it is given, false of a loss and of perplexity, and true of all others. */
  greater_is_better?: boolean;
  /** 0: never. After so many evaluations in a row that weren't better than the best before them the run ends. */
  early_stopping_patience?: number;
  /** 0. By how much an evaluation has to be better for that. */
  early_stopping_threshold?: number;
  /** 42 */
  seed?: number;
  /**
   * 1024 tokens, or what the model can take where that is less. Longer examples are cut. Those that have nothing left to
   * predict, as their prompt fills it, are left out, with a warning of the session (`left_out`) that counts them.
   */
  max_length?: number;
  /**
   * false. Joins examples, an end of text between them, and cuts them into blocks of `max_length`. Tokens see those of their
   * own example; what the end of a block cuts off begins anew in the next.
   */
  packing?: boolean;
  /**
   * Whether prompts are left out of the loss, and of conversations all but the assistant's turns; true where examples have
   * such. It is also what TRL calls `assistant_only_loss`.
   */
  completion_only_loss?: boolean;
  /** true; false keeps the order given. */
  shuffle?: boolean;
  /** 'continue'. What to do while the page is hidden. */
  whenHidden?: 'continue' | 'pause';
  /**
   * false. Keeps the screen on while the run trains and the page is visible, as phones stop pages when it goes off. A browser
   * that can't, or won't as the battery is low, is told once, with a warning of the session (`not_kept_awake`).
   */
  keepAwake?: boolean;
}

/** Every argument with its value; null where the data decides. */
export type ResolvedTrainingArguments = Readonly<
  Required<Omit<TrainingArguments, DecidedLater>> & {
    [Key in DecidedLater]: Exclude<TrainingArguments[Key], undefined> | null;
  }
>;

type DecidedLater = 'completion_only_loss' | 'greater_is_better' | 'headLearningRate' | 'classWeights';

/**
 * The labels of an example, for models that tell several: at once, their names, or for each label a number from 0 to 1; of several
 * numbers, those.
 */
export type LabelList = readonly number[] | readonly string[];

/** An image, for classifiers of images. */
export type ImageExample =
  /** A file, pixels of any size, or what a page shows. It becomes what the model's preprocessor_config.json makes of it. */
  | { readonly image: ImageInput; readonly label?: number | string; readonly labels?: LabelList }
  /** Bytes of the model's own size, resized before, as profiles keep them. They are taken as they are. */
  | { readonly prepared: RgbImage; readonly label?: number | string; readonly labels?: LabelList }
  /** (C,H,W) or (1,C,H,W), as the model's preprocessing leaves them. */
  | { readonly pixel_values: Tensor; readonly label?: number | string; readonly labels?: LabelList };

/** An example as it crosses to the worker. */
export type SentExample =
  | Exclude<Example, { readonly image: unknown }>
  | { readonly image: SentImage; readonly label?: number | string; readonly labels?: LabelList };

export type Example =
  | { readonly text: string; readonly text_pair?: string }
  | { readonly prompt: string; readonly completion: string }
  /**
   * A conversation, as the tokenizer's chat template writes it. Learnt are the assistant's turns, with what closes them. Some
   * templates write a turn in another way once others follow, as Qwen3's does with thoughts: then those that are last are
   * learnt, and a warning `turns_left_out` counts the others.
   */
  | { readonly messages: readonly ChatMessage[] }
  /** For classifiers: one of the model's labels or its index, or the number to be predicted. */
  | { readonly text: string; readonly text_pair?: string; readonly label: number | string }
  | { readonly text: string; readonly text_pair?: string; readonly labels: LabelList }
  | ImageExample
  | {
      readonly input_ids: readonly number[];
      /** Of each token; for classifiers one for all, or the list of them. */
      readonly labels?: LabelList | number;
      readonly label?: number | string;
      readonly attention_mask?: readonly number[];
      /** Of encoders: 1 for the tokens of the second of two texts. */
      readonly token_type_ids?: readonly number[];
    };

/**
 * A Blob is JSON Lines or CSV when its type or name says so (application/jsonl, .jsonl; text/csv, .csv), else plain text cut into
 * blocks of `max_length`. The first row of a CSV file names its columns as an example's fields are named: text and label, or
 * prompt and completion. Numbers may be labels as they are written; lists of labels a CSV file doesn't hold.
 */
export type Dataset = Iterable<Example> | AsyncIterable<Example> | Blob;

/** What a Blob of examples is read as. */
export type FileFormat = 'jsonl' | 'csv' | 'text';

/** Where a run stands. `global_step` counts the updates that the GPU has acknowledged. */
export interface TrainProgress {
  readonly global_step: number;
  readonly max_steps: number;
  readonly epoch: number;
}

export interface TrainerState extends TrainProgress {
  /** Grows while the run goes on, but for steps that are repeated; shared by all states of one run. */
  readonly log_history: readonly StepLogs[];
  /** Likewise, of evaluations. */
  readonly eval_history: readonly EvalLogs[];
  /** Of the best evaluation so far, by `metric_for_best_model`; null where there is none. */
  readonly best_metric: number | null;
  readonly best_global_step: number | null;
}

/** What an evaluation in a run has measured. */
export interface EvalLogs {
  /** After which step. */
  readonly step: number;
  readonly epoch: number;
  readonly metrics: Readonly<Record<string, number>>;
}

export interface StepLogs {
  readonly step: number;
  /** Of this step's batch, before the update. */
  readonly loss: number;
  /** Over all trainable tensors, before clipping. */
  readonly grad_norm: number;
  readonly learning_rate: number;
  readonly tokens_per_second: number;
  readonly seconds_left: number;
}

export interface TrainOutput {
  readonly global_step: number;
  /** The mean of the steps' losses. */
  readonly training_loss: number;
  readonly metrics: Readonly<Record<string, number>>;
}

/** 'busy': the visitor is using the page, and the run is to wait until they aren't. */
export type PauseReason = 'user' | 'hidden' | 'busy' | 'frozen' | 'lock';

export type TrainEvent =
  /**
   * A long data set is being read, before the first step: about every percent, and at most once for a megabyte of a Blob or 100
   * examples. `loaded` and `total` count bytes of a Blob, else examples; `total` is undefined where an iterable has no length.
   */
  | {
      readonly type: 'reading';
      readonly state: TrainerState;
      readonly dataset: 'train_dataset' | 'eval_dataset';
      readonly loaded: number;
      readonly total: number | undefined;
    }
  | { readonly type: 'log'; readonly state: TrainerState; readonly logs: StepLogs }
  /** The run was measured on `eval_dataset`. */
  | { readonly type: 'evaluate'; readonly state: TrainerState; readonly metrics: Readonly<Record<string, number>> }
  /** The state after step `global_step` is kept. `durable`: on disk; else as long as the session lasts. */
  | { readonly type: 'save'; readonly state: TrainerState; readonly checkpoint: string; readonly durable: boolean }
  /** The first event of a run that goes on from a checkpoint. `log_history` holds what came before. */
  | { readonly type: 'restored'; readonly state: TrainerState; readonly checkpoint: string }
  /**
   * Something went wrong, and the run goes on by itself from what was last kept: `repeatedSteps` that were reported are done
   * again, and `log_history` ends before them.
   */
  | {
      readonly type: 'recovered';
      readonly state: TrainerState;
      readonly cause: ErrorCode;
      readonly repeatedSteps: number;
    }
  /**
   * A run stands still while there is a reason to: `paused` comes again where another reason takes the place of the one told
   * ('user' goes before all others), and `resumed` with the last that went.
   */
  | { readonly type: 'paused' | 'resumed'; readonly state: TrainerState; readonly reason: PauseReason }
  | { readonly type: 'warning'; readonly state: TrainerState; readonly code: ErrorCode; readonly message: string };

/** What a callback may change; it takes effect at the next step that isn't submitted yet. */
export interface TrainerControl {
  should_training_stop: boolean;
  /** Asks for one log event at the end of the step, whatever `logging_steps` says. */
  should_log: boolean;
  /** Asks for one checkpoint, of the last step that is submitted, whatever `save_strategy` says. */
  should_save: boolean;
  /** Asks for one evaluation, after the last step that is submitted, whatever `eval_strategy` says. */
  should_evaluate: boolean;
}

export type TrainerHook = (
  args: Readonly<TrainingArguments>,
  state: TrainerState,
  control: TrainerControl,
  extra?: Readonly<Record<string, number>>,
) => void;

/**
 * Hugging Face's callbacks. They run on the page; one that throws ends the run with its error. Steps that a run does again
 * (`recovered`) are told again.
 */
export interface TrainerCallback {
  on_train_begin?: TrainerHook;
  on_epoch_begin?: TrainerHook;
  on_step_begin?: TrainerHook;
  on_step_end?: TrainerHook;
  /** `extra` holds the logs. */
  on_log?: TrainerHook;
  /** `extra` holds the metrics, of the run's own evaluations and of `Trainer.evaluate()`. */
  on_evaluate?: TrainerHook;
  /** A checkpoint is kept. */
  on_save?: TrainerHook;
  on_epoch_end?: TrainerHook;
  on_train_end?: TrainerHook;
}
