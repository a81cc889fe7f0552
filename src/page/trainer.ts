import type { Dataset, ResolvedTrainingArguments, TrainerCallback, TrainingArguments } from '../core/training';
import { Callbacks } from './callbacks';
import { openDataset } from './feed';
import { liveHandle, partsKey } from './model';
import { abortSignal, anyBoolean, anyObject, anyString, checkOptions, either, type Rule, wrong } from './options';
import { RemoteRun, type TrainRun } from './train_run';
import { resolveTrainingArguments } from './training_arguments';
import { VeraModel } from './vera_model';
import { callWithDataset } from './with_dataset';

export interface TrainerInit {
  readonly model: VeraModel;
  /** The adapter that trains, active or not. The active ones by default. */
  readonly adapter_name?: string;
  readonly args?: TrainingArguments;
  readonly train_dataset: Dataset;
  readonly eval_dataset?: Dataset;
  readonly callbacks?: readonly TrainerCallback[];
}

export interface TrainOptions {
  /** false. */
  readonly resume_from_checkpoint?: boolean | string;
  readonly signal?: AbortSignal | undefined;
}

const callbackList: Rule = {
  expected: 'an array of TrainerCallbacks',
  accepts: (value) => Array.isArray(value) && value.every(anyObject.accepts),
};

/** Trains an adapter of a VeRA model on the visitor's device. */
export class Trainer {
  readonly #model: VeraModel;
  readonly #adapter: string | undefined;
  readonly #args: ResolvedTrainingArguments;
  readonly #trainDataset: Dataset;
  readonly #evalDataset: Dataset | undefined;
  readonly #callbacks: readonly TrainerCallback[];
  /** The last run: what callbacks of an evaluation are told of. */
  #run: RemoteRun | undefined;

  /** Throws `invalid_argument` for arguments that aren't known, or out of their range. */
  constructor(init: TrainerInit) {
    checkOptions('Trainer', init, {
      model: { expected: 'a VeraModel', accepts: (value) => value instanceof VeraModel },
      adapter_name: anyString,
      args: anyObject,
      train_dataset: anyObject,
      eval_dataset: anyObject,
      callbacks: callbackList,
    });
    if (init.model === undefined) throw wrong('Trainer: model', 'a VeraModel', init.model);
    this.#model = init.model;
    this.#adapter = init.adapter_name;
    this.#args = resolveTrainingArguments(init.args);
    this.#trainDataset = init.train_dataset;
    this.#evalDataset = init.eval_dataset;
    this.#callbacks = init.callbacks ?? [];
  }

  /**
   * Begins a run, at once. It goes once through `train_dataset`, however many epochs there are. The run rejects with
   * `invalid_argument` for data that can't be trained on, `numerical_error` where the loss isn't finite,
   * `out_of_memory`, `device_lost`, and with what the data set or a callback throws.
   *
   * With `resume_from_checkpoint` the run goes on from its last checkpoint, if there is one, as if it had never stopped; a
   * string (`'checkpoint-40'`) names one that must be there, else the run rejects with `not_found`. A checkpoint belongs
   * to a base model, its adapters by name and by what they began with, and the data as they are tokenised; the last two
   * are kept, of the last four runs. Other arguments than it was made with hold from here on, with a warning of the
   * session (`other_arguments`). A run that had ended ends at once, with what it had learnt, or begins anew where the
   * arguments are others. Rejects with `storage_unavailable` while the database can't be asked, and with
   * `locked_by_other_tab` while the same run goes on elsewhere.
   */
  train(options: TrainOptions = {}): TrainRun {
    this.#run = new RemoteRun({
      link: this.#model[partsKey].link,
      adapter_name: this.#adapter,
      args: this.#args,
      callbacks: this.#callbacks,
      signal: options.signal,
      resume: options.resume_from_checkpoint ?? false,
      open: () => {
        checkOptions('train', options, { resume_from_checkpoint: either(anyBoolean, anyString), signal: abortSignal });
        return { model: liveHandle(this.#model), dataset: openDataset('train_dataset', this.#trainDataset) };
      },
    });
    return this.#run;
  }

  /**
   * `eval_loss`: the mean loss over all labelled tokens of `eval_dataset`, whose texts are cut into blocks of
   * `max_length` that don't overlap. `perplexity`: its exponential. `eval_tokens`: how many there are.
   */
  async evaluate(options: { signal?: AbortSignal | undefined } = {}): Promise<Record<string, number>> {
    checkOptions('evaluate', options, { signal: abortSignal });
    if (this.#evalDataset === undefined) throw wrong('evaluate', 'a Trainer with an eval_dataset', undefined);
    const { link } = this.#model[partsKey];
    const model = liveHandle(this.#model);
    const metrics = await callWithDataset(
      link,
      openDataset('eval_dataset', this.#evalDataset),
      (call, data) => link.request('evaluate', call, { model, adapter_name: this.#adapter, args: this.#args, data }),
      { signal: options.signal },
    );
    const state = { global_step: 0, max_steps: this.#args.max_steps, epoch: 0, log_history: [], ...this.#run?.state };
    new Callbacks(this.#args, this.#callbacks, () => {}).run('on_evaluate', state, { ...metrics });
    return { ...metrics };
  }
}
