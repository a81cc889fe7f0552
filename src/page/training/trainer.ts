import { defineForeignMethods } from '../../core/errors/foreign_members';
import type { Dataset, ResolvedTrainingArguments, TrainerCallback, TrainingArguments } from '../../core/types/training';
import { AdaptedModel, runKey } from '../adapters/adapted_model';
import { anyDataset } from '../data/dataset_rules';
import { openDataset } from '../data/feed';
import { callWithDataset } from '../data/with_dataset';
import { liveHandle, partsKey, RemoteModel } from '../models/model';
import { TRAINER_METHODS } from '../session/foreign_names';
import {
  abortSignal,
  anyBoolean,
  anyObject,
  anyString,
  checkOptions,
  either,
  type Rule,
  type Rules,
  readable,
  wrong,
} from '../session/options';
import { Callbacks, callbackList } from './callbacks';
import type { OpenRun } from './open_run';
import { beginningOf } from './run_report';
import { RemoteRun, type TrainRun } from './train_run';
import { resolveTrainingArguments } from './training_arguments';

/** What is trained, on what, and how. Whatever is wrong with it is `invalid_argument` and says what to pass instead. */
export interface TrainerInit {
  /**
   * From `get_peft_model` or `PeftModel.from_pretrained`. The adapters train that are active as `train()` is called, as far as they are
   * trainable.
   */
  readonly model: AdaptedModel;
  /** The adapter that trains, active or not. The active ones by default. */
  readonly adapter_name?: string;
  /** Hugging Face's names; each has a default. They are checked as the trainer is made. */
  readonly args?: TrainingArguments;
  /**
   * An array or any iterable of examples, or a Blob: JSON Lines or CSV if its type or name says so, else plain text. Each run
   * goes through it once, so a generator serves one run. Examples are checked as the run reads them: it rejects with
   * `invalid_argument`, `invalid_format` for broken JSON or CSV, and `limit_exceeded` for more than 2²⁷ tokens (some 500 MB of
   * English), which are kept in memory for later epochs, and for a line of JSON or a row of CSV of more than 2²⁴ characters.
   * Events `reading` report how far a long data set is read.
   */
  readonly train_dataset: Dataset;
  /** Of the same forms; `evaluate()` needs it, and so does an `eval_strategy`. Default: none. */
  readonly eval_dataset?: Dataset;
  /** Called on the page, in their order. Default: none. */
  readonly callbacks?: readonly TrainerCallback[];
}

export interface TrainOptions {
  /**
   * Default: as `take_over`. false: the run begins at its first step. true: it goes on from its last checkpoint in this
   * browser, or begins where there is none. A name, such as 'checkpoint-40': it goes on from that one, or rejects with `not_found`.
   */
  readonly resume_from_checkpoint?: boolean | string;
  /**
   * Default false. true: where the same run goes on in another tab or session, it ends there within a step, is kept unless
   * that one's `save_strategy` is 'no', and goes on here. It is asked to; a tab that doesn't answer within 3 seconds, as it
   * is frozen or hangs, or hasn't ended 30 seconds after it answered, loses the run as it was last kept.
   */
  readonly take_over?: boolean;
  /** Aborted, the run ends at once and rejects with `signal.reason`. Its checkpoints stay, and the model keeps what it learnt. */
  readonly signal?: AbortSignal | undefined;
}

/** The key of what a trainer was made with, for this library's own use. */
export const trainerKey: unique symbol = Symbol('trainer');

/** What a trainer was made with, and its last run. */
export interface TrainerParts {
  readonly model: AdaptedModel;
  readonly adapter_name: string | undefined;
  readonly args: ResolvedTrainingArguments;
  readonly train_dataset: Dataset;
  readonly run: RemoteRun | undefined;
}

export const anyAdaptedModel: Rule = {
  expected: 'a model with adapters',
  accepts: (value) => value instanceof AdaptedModel,
  hint: (value) =>
    value instanceof RemoteModel
      ? 'This is a base model, a PreTrainedModel: put an adapter on it with await get_peft_model(model, config).'
      : 'await get_peft_model(…) gives one, and await PeftModel.from_pretrained(…).',
};
const rules: Rules<TrainerInit> = {
  model: anyAdaptedModel,
  adapter_name: anyString,
  args: anyObject,
  train_dataset: anyDataset,
  eval_dataset: anyDataset,
  callbacks: callbackList,
};

const trainRules: Rules<TrainOptions> = {
  resume_from_checkpoint: either(anyBoolean, anyString),
  take_over: anyBoolean,
  signal: abortSignal,
};

/** Trains an adapter of a model on the visitor's device. */
export class Trainer {
  /** @internal Its name in messages, which minifiers leave. */
  static readonly name = 'Trainer';

  static {
    defineForeignMethods(Trainer.prototype, TRAINER_METHODS);
  }

  readonly #model: AdaptedModel;
  readonly #adapter: string | undefined;
  readonly #args: ResolvedTrainingArguments;
  readonly #trainDataset: Dataset;
  readonly #evalDataset: Dataset | undefined;
  readonly #callbacks: readonly TrainerCallback[];
  /** The last run: what callbacks of an evaluation are told of. */
  #run: RemoteRun | undefined;

  /** Throws `invalid_argument` for what is missing, isn't known, or is out of its range. */
  constructor(init: TrainerInit) {
    const form = 'Write new Trainer({ model, args, train_dataset }).';
    if (typeof init !== 'object' || init === null || init instanceof RemoteModel) {
      throw wrong('Trainer', 'an object with model and train_dataset', init, form);
    }
    checkOptions('Trainer', init, rules);
    for (const name of ['model', 'train_dataset'] as const) {
      const { expected, hint } = rules[name];
      if (init[name] === undefined) throw wrong(`Trainer: ${name}`, expected, undefined, hint?.(undefined));
    }
    this.#model = init.model;
    this.#adapter = init.adapter_name;
    this.#args = resolveTrainingArguments(init.args);
    this.#trainDataset = init.train_dataset;
    this.#evalDataset = init.eval_dataset;
    this.#callbacks = init.callbacks ?? [];
    const { eval_strategy, load_best_model_at_end, early_stopping_patience } = this.#args;
    if (eval_strategy !== 'no' && init.eval_dataset === undefined) {
      throw wrong('Trainer: eval_dataset', `a data set, as eval_strategy is '${eval_strategy}'`, undefined);
    }
    if (eval_strategy === 'no' && (load_best_model_at_end || early_stopping_patience > 0)) {
      const what = load_best_model_at_end ? 'load_best_model_at_end' : 'early_stopping_patience';
      throw wrong(`Trainer: ${what}`, "an eval_strategy of 'steps' or 'epoch' beside it", eval_strategy);
    }
  }

  /** @internal */
  get [trainerKey](): TrainerParts {
    return {
      model: this.#model,
      adapter_name: this.#adapter,
      args: this.#args,
      train_dataset: this.#trainDataset,
      run: this.#run,
    };
  }

  /**
   * Begins a run, at once. It goes once through `train_dataset`, however many epochs there are. The run rejects with
   * `invalid_argument` for data that can't be trained on, `numerical_error` as told below,
   * `out_of_memory`, `device_lost`, and with what the data set or a callback throws.
   *
   * Where a loss or a gradient isn't finite, or vectors come to more than 10⁴, which no adapter may hold, the run goes back
   * to its last good state, and on from there with half the learning rate, for all steps to come: `recovered` tells of it,
   * and a `warning` (`numerical_error`) the rate. That state is the last one that was to be kept, stored or not, after which
   * the next step went well; with `save_strategy: 'no'` it is the run's beginning. It does so at most three times in a row:
   * times count as in a row until a step fails that comes after all that failed before. Then the run rejects with
   * `numerical_error`, and the adapter holds the vectors of that state (`detail.kept_step`). Nothing that isn't finite is
   * ever saved. A checkpoint tells how often the rate was halved, and a resumed run goes on with it, unless another
   * `learning_rate` is given.
   *
   * Where the GPU or the worker is lost, the run makes its model again, from where it came and with the adapters that it began with,
   * and goes on by itself from its last checkpoint, or else from its beginning: `recovered` tells how many steps are repeated. It
   * does so as long as it comes further, and three times in a row where it doesn't; it then rejects with `device_lost` or
   * `worker_crashed`, and with `gpu_blocked` where the browser doesn't give the GPU back. What is kept for that, besides
   * checkpoints, is the adapters' files and the examples of `train_dataset`, in the page, for as long as the run takes. A run over
   * a model from `merge_and_unload` or `unload` rejects at once.
   *
   * With `resume_from_checkpoint` the run goes on from its last checkpoint, if there is one, as if it had never stopped; a
   * string (`'checkpoint-40'`) names one that must be there, else the run rejects with `not_found`. A checkpoint belongs
   * to a base model, its adapters by name and by what they began with, and the data as they are tokenised; the last two
   * are kept, of the last four runs. Other arguments than it was made with hold from here on, with a warning of the
   * session (`other_arguments`). A run that had ended ends at once, with what it had learnt, or begins anew where the
   * arguments are others. One that was stopped further on than the arguments of now go ends at once too, with a warning.
   * Rejects with `storage_unavailable` while the database can't be asked, and with `locked_by_other_tab` while the same run
   * goes on elsewhere; `take_over: true` brings it here. The run that another tab takes over rejects with
   * `locked_by_other_tab` too, with `detail: { taken_over: true }`, unless it had just come to its end; the model keeps what
   * it learnt, and nothing more is written. A run that neither resumes nor takes over trains beside one that is the same,
   * but isn't kept meanwhile, with a warning `locked_by_other_tab`. Only runs of the same session are known of where nothing
   * outlives it, or there are no Web Locks, as in Node before 24.
   */
  train(options: TrainOptions = {}): TrainRun {
    const { signal, resume_from_checkpoint, take_over = false } = readable(options);
    this.#run = new RemoteRun({
      link: this.#model[partsKey].link,
      adapter_name: this.#adapter,
      args: this.#args,
      callbacks: this.#callbacks,
      signal,
      resume: resume_from_checkpoint ?? take_over,
      takeOver: take_over,
      open: () => {
        checkOptions('train', options, trainRules);
        return this.#openRun(signal);
      },
    });
    return this.#run;
  }

  #openRun(signal: AbortSignal | undefined): OpenRun {
    const model = this.#model;
    liveHandle(model);
    const dataset = openDataset('train_dataset', this.#trainDataset);
    const isMeasured = this.#args.eval_strategy !== 'no' && this.#evalDataset !== undefined;
    return {
      dataset,
      evalDataset: isMeasured ? openDataset('eval_dataset', this.#evalDataset) : undefined,
      handle: () => liveHandle(model),
      revive: async () => model[partsKey].revivable?.revive(signal),
      keep: (trained) => model[runKey](trained),
    };
  }

  /**
   * How the model does on `eval_dataset`, as it is now.
   *
   * Of a language model, `eval_loss`: the mean loss over all labelled tokens, of texts that are cut into blocks of `max_length`
   * that don't overlap; `perplexity`: its exponential; `eval_tokens`: how many there are. Of a classifier, `eval_loss`: the mean
   * over all examples; `eval_rows`: how many there are; `accuracy` and `f1`, the mean of all classes' F1. Of one that tells several
   * labels at once, `accuracy`: how many rows are wholly right; `f1`: the mean of all labels' F1; `f1_micro`: that of all labels
   * together. Of numbers, `pearson` and `spearman`: the correlations of what is predicted with what is given, of several numbers
   * their means, NaN where either doesn't vary.
   *
   * Rejects with `invalid_argument` where there is no `eval_dataset`, or data that can't be measured on.
   */
  async evaluate(options: { signal?: AbortSignal | undefined } = {}): Promise<Record<string, number>> {
    checkOptions('evaluate', options, { signal: abortSignal });
    if (this.#evalDataset === undefined) throw wrong('evaluate', 'a Trainer with an eval_dataset', undefined);
    const { link } = this.#model[partsKey];
    const model = liveHandle(this.#model);
    const dataset = openDataset('eval_dataset', this.#evalDataset);
    const request = { model, adapter_name: this.#adapter, args: this.#args, data: dataset.source };
    const metrics = await callWithDataset(link, dataset, (call) => link.request('evaluate', call, request), {
      signal: options.signal,
    });
    const state = this.#run?.state ?? beginningOf(this.#args.max_steps);
    new Callbacks(this.#args, this.#callbacks, () => {}).run('on_evaluate', state, { ...metrics });
    return { ...metrics };
  }
}
