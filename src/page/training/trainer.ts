import { defineForeign } from '../../core/errors/foreign_members';
import type { DatasetName, TrainerCallback } from '../../core/types/run';
import type { Dataset, ResolvedTrainingArguments, TrainingArguments } from '../../core/types/training';
import { AdaptedModel, defaultsKey } from '../adapters/adapted_model';
import { runKey } from '../adapters/adapter_keeper';
import { anyDataset } from '../data/dataset_rules';
import { type OpenDataset, openDataset } from '../data/feed';
import { callWithDataset } from '../data/with_dataset';
import { liveHandle, partsKey, RemoteModel } from '../models/remote_model';
import { fromAnotherCopy } from '../session/another_copy';
import { TRAINER_METHODS } from '../session/foreign_names';
import { checkOptions, type Rules, readable, wrong } from '../session/options';
import type { Rule } from '../session/rules';
import * as rule from '../session/rules';
import { type AdapterDatasets, adaptersOf, unmeasuredIn } from './adapter_datasets';
import { Callbacks, callbackList } from './callbacks';
import type { OpenRun } from './open_run';
import { beginningOf } from './run_report';
import { RemoteRun, type TrainRun } from './train_run';
import { resolveTrainingArguments } from './training_arguments';

/** A trainer's model, data and arguments. Wrong values throw `invalid_argument`, with advice on what to pass. */
export interface TrainerInit {
  /**
   * A model from `get_peft_model` or `PeftModel.from_pretrained`. A run trains the adapters that are active when `train()`
   * is called, if they are trainable.
   */
  readonly model: AdaptedModel;
  /** The adapter to train, active or not. Default: the active adapters. */
  readonly adapter_name?: string;
  /** Arguments with Hugging Face's names. Each has a default. The constructor checks them. */
  readonly args?: TrainingArguments;
  /**
   * An array or any iterable of examples, or a Blob: CSV if its type or name says so, JSON Lines if its type, name or content says so, else
   * plain text. Each run reads it once, so a generator serves only one run. Examples are checked as the run reads them. The run rejects
   * with `invalid_argument` for invalid examples, with `invalid_format` for invalid JSON or CSV, and with `limit_exceeded` for more than
   * 2²⁷ tokens (some 500 MB of English), because they are held in memory for later epochs, or for more than 2²⁴ characters in a line of
   * JSON or a row of CSV. Events `reading` report the progress of reading a long data set.
   */
  readonly train_dataset: Dataset;
  /** In the same forms as `train_dataset`. Required by `evaluate()` and by an `eval_strategy`. Default: none. */
  readonly eval_dataset?: Dataset;
  /** Objects whose hooks are called on the page, in the order of the array. Default: none. */
  readonly callbacks?: readonly TrainerCallback[];
}

/** The options of a trainer of several adapters at once, each on its own data. Wrong values throw `invalid_argument`. */
export interface AdaptersTrainerInit extends Pick<TrainerInit, 'model' | 'args' | 'callbacks'> {
  /**
   * The data sets of two or more of the model's adapters, active or not, by name: each is a `train_dataset`, or an object with both data
   * sets. The base model computes the rows of all adapters in one batch, to which each adapter contributes `per_device_train_batch_size`
   * rows. Each adapter has its own steps, losses, gradient clipping, moments, evaluations and recovery. Up to rounding, its losses and
   * trained values equal those of a run of that adapter alone. An adapter with fewer examples ends earlier. If an adapter's losses aren't
   * finite, the other adapters train to their ends, and then the run rejects with `numerical_error`.
   *
   * The model must be a language model, and its adapters may differ only in their values: they have the same `r`, the same `target_modules`
   * and the same random matrices, and no dropout, `use_dora`, `bias` or `modules_to_save`. A run with other adapters, or with a kind that
   * can't train in this way, rejects with `invalid_argument`.
   */
  readonly adapters: Readonly<Record<string, Dataset | AdapterDatasets>>;
}

export interface TrainOptions {
  /**
   * Default: the value of `take_over`. false: the run starts at its first step. true: it resumes from its last checkpoint in this browser,
   * or starts at its first step if there is none. A name, such as 'checkpoint-40': it resumes from that checkpoint, or rejects with
   * `not_found`.
   */
  readonly resume_from_checkpoint?: boolean | string;
  /**
   * Default: false. true: if the same run is in progress in another tab or session, it ends there within a step and resumes here. Before
   * that, a checkpoint is stored, unless the run's `save_strategy` there is 'no'. The other tab is asked to end the run. If that tab
   * doesn't answer within 3 seconds, because it is frozen or hangs, or hasn't ended the run 30 seconds after its answer, this tab takes the
   * run from it and resumes from the run's last checkpoint.
   */
  readonly take_over?: boolean;
  /**
   * When it aborts, the run ends at once and rejects with `signal.reason`. Its checkpoints stay stored, and the model
   * has the trained values.
   */
  readonly signal?: AbortSignal | undefined;
}

/** The key of the method that resolves a trainer's arguments, for internal use. */
export const resolveKey: unique symbol = Symbol('resolve');

/** The key of the method that evaluates without callbacks, for internal use. */
export const measureKey: unique symbol = Symbol('measure');

type ClassWeights = ResolvedTrainingArguments['classWeights'];

/** The key of a trainer's `TrainerParts`, for internal use. */
export const trainerKey: unique symbol = Symbol('trainer');

/** The values that a trainer was created with, and its last run. */
export interface TrainerParts {
  readonly model: AdaptedModel;
  readonly adapter_name: string | undefined;
  readonly args: ResolvedTrainingArguments;
  /** Undefined if several adapters train. */
  readonly train_dataset: Dataset | undefined;
  readonly adapters: ReadonlyMap<string, AdapterDatasets> | undefined;
  readonly eval_dataset: Dataset | undefined;
  readonly callbacks: readonly TrainerCallback[];
  run: RemoteRun | undefined;
}

export const anyAdaptedModel: Rule = {
  expected: 'a model with adapters',
  accepts: (value) => value instanceof AdaptedModel,
  hint: (value) =>
    value instanceof RemoteModel
      ? 'This is a base model, a PreTrainedModel: put an adapter on it with await get_peft_model(model, config).'
      : (fromAnotherCopy(value, RemoteModel.name) ??
        'await get_peft_model(…) gives one, and await PeftModel.from_pretrained(…).'),
};
const rules: Rules<TrainerInit & AdaptersTrainerInit> = {
  model: anyAdaptedModel,
  adapter_name: rule.anyString,
  args: rule.anyObject,
  adapters: rule.anyObject,
  train_dataset: anyDataset,
  eval_dataset: anyDataset,
  callbacks: callbackList,
};

const trainRules: Rules<TrainOptions> = {
  resume_from_checkpoint: rule.either(rule.anyBoolean, rule.anyString),
  take_over: rule.anyBoolean,
  signal: rule.abortSignal,
};

const EVALUATE = "Pass eval_strategy: 'epoch' in args, and an eval_dataset to measure on.";
const EVAL_DATASET = 'Pass examples that the run does not learn from: new Trainer({ …, eval_dataset }).';

const OF_ONE = 'Measure each adapter by new Trainer({ model, adapter_name, train_dataset, eval_dataset }).evaluate().';

/** Trains adapters of a model on the visitor's device. */
export class Trainer {
  /** @internal The class's name in messages, which minifiers leave unchanged. */
  static readonly name: string = 'Trainer';

  /** @internal A field, because bundlers can't leave out an unused class that has a static block. */
  static readonly foreign = /* @__PURE__ */ defineForeign(Trainer.prototype, TRAINER_METHODS);

  /** @internal */
  readonly [trainerKey]: TrainerParts;

  /** Throws `invalid_argument` for options that are missing, unknown or out of range. */
  constructor(init: TrainerInit | AdaptersTrainerInit) {
    const { name: trainer } = this.constructor;
    const form = `Write new ${trainer}({ model, args, train_dataset }).`;
    if (typeof init !== 'object' || init === null || init instanceof RemoteModel) {
      throw wrong(trainer, 'an object with model and train_dataset', init, form);
    }
    checkOptions(trainer, init, rules);
    const given: Partial<TrainerInit & AdaptersTrainerInit> = init;
    const adapters = given.adapters === undefined ? undefined : adaptersOf(trainer, given);
    for (const name of adapters === undefined ? (['model', 'train_dataset'] as const) : (['model'] as const)) {
      const { expected, hint } = rules[name];
      if (given[name] === undefined) throw wrong(`${trainer}: ${name}`, expected, undefined, hint?.(undefined));
    }
    const { model } = init;
    const { adapter_name, train_dataset, eval_dataset, callbacks = [] } = given;
    const args = this[resolveKey](init.args, model[defaultsKey]);
    this[trainerKey] = { model, adapter_name, args, adapters, train_dataset, eval_dataset, callbacks, run: undefined };
    const { eval_strategy, load_best_model_at_end, early_stopping_patience } = args;
    const unmeasured = adapters === undefined ? eval_dataset === undefined && 'eval_dataset' : unmeasuredIn(adapters);
    if (eval_strategy !== 'no' && unmeasured) {
      throw wrong(
        `${trainer}: ${unmeasured}`,
        `a data set, as eval_strategy is '${eval_strategy}'`,
        undefined,
        EVAL_DATASET,
      );
    }
    if (eval_strategy === 'no' && (load_best_model_at_end || early_stopping_patience > 0)) {
      const what = load_best_model_at_end ? 'load_best_model_at_end' : 'early_stopping_patience';
      throw wrong(`${trainer}: ${what}`, "an eval_strategy of 'steps' or 'epoch' beside it", eval_strategy, EVALUATE);
    }
  }

  /** @internal */
  [resolveKey](
    args: TrainingArguments | undefined,
    ofModel: Partial<ResolvedTrainingArguments>,
  ): ResolvedTrainingArguments {
    return resolveTrainingArguments(args, ofModel);
  }

  /**
   * Starts a run at once. It reads `train_dataset` once, for any number of epochs. The run rejects with `invalid_argument` for data that
   * can't be trained on, `numerical_error` as described below, `out_of_memory`, `device_lost`, and with errors of the data set or a
   * callback.
   *
   * If a loss or a gradient isn't finite, or a vector has values above 10⁴, which no adapter may hold, the run returns to its last good
   * state and continues with half the learning rate for all remaining steps. The event `recovered` reports this, and a `warning`
   * (`numerical_error`) reports the new rate. The last good state is that of the last step that was due for saving and whose next step
   * succeeded, whether a checkpoint was stored or not; with `save_strategy: 'no'` it is the start of the run. This happens at most three
   * times in a row; the count restarts when a step fails that is later than all steps that failed before. Then the run rejects with
   * `numerical_error`, and the adapter has the vectors of that state (`detail.kept_step`). Values that aren't finite are never saved. A
   * checkpoint stores how often the rate was halved, and a resumed run halves it as often, unless `learning_rate` was changed.
   *
   * If the GPU or the worker is lost, the run loads its model again, from the same source and with the adapters that it started with, and
   * recovers by itself from its last checkpoint, or else from its start. The event `recovered` reports how many steps are repeated. The run
   * recovers any number of times while it makes progress, but only three times in a row without progress. Then it rejects with
   * `device_lost` or `worker_crashed`, or with `gpu_blocked` if the browser still denies the GPU. For recovery, besides checkpoints, the
   * page holds the adapters' files and the examples of `train_dataset` in memory during the run. A run over a model from `merge_and_unload`
   * or `unload` can't recover and rejects at once.
   *
   * With `resume_from_checkpoint` the run resumes from its last checkpoint, if there is one, as if it had never stopped. A string
   * (`'checkpoint-40'`) names a checkpoint that must exist, otherwise the run rejects with `not_found`. A checkpoint belongs to a base
   * model, to adapters with the same names and initial values, and to the tokenised data. The last two checkpoints of each run are stored;
   * a new run deletes those of older runs as `checkpoints` describes. If arguments differ from the stored ones, the new ones apply from
   * here on, with a warning of the session (`other_arguments`). A run that had ended resolves at once with its trained values, or starts
   * anew if the arguments differ. A run that was stopped after more steps than the arguments now ask for also ends at once, with a warning.
   *
   * Rejects with `storage_unavailable` while the database can't be read, and with `locked_by_other_tab` while the same run is in progress
   * elsewhere; `take_over: true` takes it over. A run that another tab takes over also rejects with `locked_by_other_tab`, with `detail: {
   * taken_over: true }`, unless it had just ended; its model has the trained values, and nothing more is stored. A run that neither resumes
   * nor takes over can train while an equal run is in progress, but then it stores no checkpoints, and gives a warning
   * `locked_by_other_tab`. If the store doesn't outlive the session, or without Web Locks, as in Node before 24, only runs of the same
   * session are detected.
   */
  train(options: TrainOptions = {}): TrainRun {
    const { signal, resume_from_checkpoint, take_over = false } = readable(options);
    const parts = this[trainerKey];
    return new RemoteRun({
      ...parts,
      link: parts.model[partsKey].link,
      signal,
      resume: resume_from_checkpoint ?? take_over,
      takeOver: take_over,
      open: () => {
        checkOptions('train', options, trainRules);
        return this.#openRun(signal);
      },
    }).replacing(parts);
  }

  #openRun(signal: AbortSignal | undefined): OpenRun {
    const { model, args, adapters, train_dataset, eval_dataset, callbacks } = this[trainerKey];
    liveHandle(model);
    // A callback may ask for an evaluation at any time.
    const isMeasured = args.eval_strategy !== 'no' || callbacks.length > 0;
    const open = (name: DatasetName, dataset: Dataset | undefined): OpenDataset | undefined =>
      dataset === undefined ? undefined : openDataset(name, dataset);
    return {
      dataset: open('train_dataset', train_dataset),
      evalDataset: isMeasured ? open('eval_dataset', eval_dataset) : undefined,
      lanes:
        adapters &&
        [...adapters].map(([adapter, data]) => ({
          adapter,
          dataset: openDataset(`train_dataset of ${adapter}`, data.train_dataset),
          evalDataset: isMeasured ? open(`eval_dataset of ${adapter}`, data.eval_dataset) : undefined,
        })),
      handle: () => liveHandle(model),
      revive: () => model[partsKey].place.revive(signal),
      keep: (trained) => model[runKey](trained),
    };
  }

  /**
   * Evaluates the model on `eval_dataset`.
   *
   * A language model gives `eval_loss`, the mean loss over all labelled tokens, of texts split into blocks of `max_length` that don't
   * overlap; `perplexity`, its exponential; and `eval_tokens`, the number of labelled tokens. A classifier gives `eval_loss`, the mean over
   * all examples; `eval_rows`, the number of examples; `accuracy`; and `f1`, the mean of all classes' F1. A model with several labels per
   * example gives `accuracy`, the share of rows with all labels right; `f1`, the mean of all labels' F1; and `f1_micro`, the F1 of all
   * labels together. A regression model gives `pearson` and `spearman`, the correlations of predicted and given values: means over its
   * outputs, and NaN if predicted or given values don't vary.
   *
   * Rejects with `invalid_argument` without an `eval_dataset`, or for data that can't be evaluated on.
   */
  async evaluate(options: { signal?: AbortSignal | undefined } = {}): Promise<Record<string, number>> {
    checkOptions('evaluate', options, { signal: rule.abortSignal });
    const metrics = await this[measureKey](options.signal);
    const { args, callbacks, run } = this[trainerKey];
    const state = run?.state ?? beginningOf(args.max_steps);
    const ignore = (): void => {};
    await Promise.all(new Callbacks(args, callbacks, ignore, ignore).run('on_evaluate', state, { ...metrics }));
    return metrics;
  }

  /** @internal With `classWeights`, losses are weighted as in training: by the weights of examples and of their classes. */
  async [measureKey](signal?: AbortSignal, classWeights?: ClassWeights): Promise<Record<string, number>> {
    const { model, adapter_name, args: own, adapters, eval_dataset } = this[trainerKey];
    if (adapters !== undefined) throw wrong('evaluate', 'a Trainer of one data set', adapters, OF_ONE);
    if (eval_dataset === undefined) throw wrong('evaluate', 'a Trainer with an eval_dataset', undefined, EVAL_DATASET);
    const { link } = model[partsKey];
    const handle = liveHandle(model);
    const dataset = openDataset('eval_dataset', eval_dataset);
    const args = classWeights === undefined ? own : { ...own, classWeights };
    const request = { model: handle, adapter_name, args, data: dataset.source, isWeighted: args !== own };
    return { ...(await callWithDataset(link, dataset, (call) => link.request('evaluate', call, request), { signal })) };
  }
}
