import type { RunControl, RunEvent, RunHook } from '../core/types/run';
import type { PoolSnapshot } from '../core/types/snapshot';
import type { TrainOutput } from '../core/types/training';
import { RunEvaluation } from './evaluation';
import { answerLastRequests } from './last_requests';
import { RisingLoss } from './rising_loss';
import { CHECKPOINTING } from './run_events';
import { readPools, restorePools } from './saving/pools';
import { RunRecord } from './saving/run_record';
import { Saving } from './saving/saving';
import { Standstill } from './standstill';
import { StepLog } from './step_log';
import { StepRecovery } from './step_recovery';
import { createOptimizerState, type OptimizerState, optimizerValues } from './steps/optimizer';
import { expectDone, type StepStats, unpackStats } from './steps/step_block';
import { StepPrograms } from './steps/step_programs';
import type { Checkpoints, StepData, TrainingData, TrainingInit, Tune } from './training_init';

interface Submitted {
  readonly data: StepData;
  readonly step: number;
  readonly learningRate: number;
  readonly stats: Promise<StepStats>;
  /** The state after the step, if it must be saved. */
  pools: Promise<readonly PoolSnapshot[]> | undefined;
}

/** The maximum number of steps whose results are pending when the next step is submitted. */
const IN_FLIGHT = 2;

/** One training run: submits steps, reads their results later, and reports only steps that the GPU has acknowledged. */
export class TrainingRun {
  readonly standstill: Standstill;
  readonly #init: TrainingInit;
  readonly #record: RunRecord;
  readonly #log: StepLog;
  readonly #rising: RisingLoss;
  readonly #pending: Submitted[] = [];
  #checkpoints: Checkpoints | undefined;
  #saving: Saving | undefined;
  #recovery: StepRecovery | undefined;
  #evaluation: RunEvaluation | undefined;
  #saveAtEnd: boolean | undefined;

  constructor(init: TrainingInit) {
    this.#init = init;
    this.#record = new RunRecord(init.runner, init.args.max_steps);
    const { args, signal, warn } = init;
    const parts = { args, record: this.#record, signal, emit: (event: RunEvent) => this.#emit(event) };
    this.#rising = new RisingLoss(warn);
    this.#log = new StepLog(parts);
    this.standstill = new Standstill(parts);
  }

  control({ should_training_stop, should_log, should_save, should_evaluate, save_at_end }: RunControl): void {
    if (should_save === true) this.#saveSoon();
    if (should_evaluate === true) this.#evaluation?.ask(should_training_stop === true);
    this.#saveAtEnd = save_at_end ?? this.#saveAtEnd;
    if (should_training_stop === true) this.standstill.stop();
    if (should_log === true) this.#log.ask();
  }

  /**
   * Trains to the end. Rejects with `signal.reason` when aborted. Rejects with `numerical_error` when a loss or gradient norm isn't finite
   * and halving the learning rate hasn't helped; the adapter then has the vectors of the last good state.
   */
  async run(): Promise<TrainOutput> {
    const { runner, adapters, resumes } = this.#init;
    this.#record.begin();
    try {
      const state = await createOptimizerState(runner, adapters);
      const programs = new StepPrograms({ ...this.#init, state, onCheckpointing: () => this.#emit(CHECKPOINTING) });
      try {
        const resumed = resumes ? await this.#prepare() : undefined;
        if (resumes && resumed === undefined) return this.#record.output();
        const tune = this.#init.tuning?.();
        // Kernels compile while the data is read.
        await programs.load({ early: tune === undefined });
        const data = resumed ?? (await this.#prepare());
        if (data !== undefined) await this.#train(data, state, programs, tune);
        return this.#record.output();
      } finally {
        await Promise.allSettled([...this.#pending.map(({ stats }) => stats), this.#saving?.copying]);
        await programs.release();
        runner.free(optimizerValues(state));
      }
    } finally {
      this.#saving?.close();
      this.#checkpoints?.close();
      this.standstill.close();
    }
  }

  /**
   * Reads the data, and restores the state from which the run continues, if any. Undefined if a run that restores no state was stopped
   * meanwhile. A run that may restore a state does so even if it is stopped: otherwise its adapters would lack the training that is stored.
   */
  async #prepare(): Promise<TrainingData | undefined> {
    const { resumes, signal } = this.#init;
    const prepare = (stop: AbortSignal): Promise<TrainingData> =>
      this.#init.prepare(stop, (read) => this.#emit({ type: 'reading', ...read }));
    const data = resumes ? await prepare(signal) : await this.standstill.unlessStopped(prepare);
    if (data === undefined) return undefined;
    this.#checkpoints = data.checkpoints;
    this.#record.maxSteps = data.maxSteps;
    this.#rising.isUneven = data.isUneven;
    if (data.restored !== undefined) {
      this.#record.restore(data.restored);
      this.#rising.restore(data.restored.logs);
      this.#emit({ type: 'restored', checkpoint: data.restored.checkpoint, ...this.#record.history });
    }
    return data;
  }

  async #train(
    data: TrainingData,
    state: OptimizerState,
    programs: StepPrograms,
    tune: Tune | undefined,
  ): Promise<void> {
    const { checkpoints, restored } = data;
    const { runner, task, args, signal } = this.#init;
    const record = this.#record;
    if (restored !== undefined) restorePools(runner, state, restored.pools);
    const emit = (event: RunEvent): void => this.#emit(event);
    const parts = { runner, state, args, record, emit };
    const recovery = new StepRecovery(parts);
    await recovery.begin(restored);
    this.#recovery = recovery;
    const hold = (pools: readonly PoolSnapshot[]): void => recovery.hold(pools);
    const saving = new Saving({ ...parts, checkpoints, signal, hold });
    this.#saving = saving;
    const { evaluate } = data;
    const measure = evaluate && ((isLast: boolean) => this.standstill.measure(evaluate, isLast));
    this.#evaluation = measure && new RunEvaluation({ ...parts, restored, lowerIsBetter: task.lowerIsBetter, measure });
    this.#hook('on_train_begin');
    record.startClock();
    this.standstill.begin({
      settle: () => this.#acknowledge(0),
      save: () => saving.saveNow(),
      read: async () => ({ ...record.snapshot(), pools: await readPools(runner, state) }),
    });
    let { compare } = data;
    const begin = async (first: StepData): Promise<void> => {
      if (tune !== undefined) await this.#tune(programs, tune, first);
      tune = undefined;
      if (compare !== undefined) await this.#compare(compare);
      compare = undefined;
      await programs.reserve(data.largest);
    };
    await recovery.run(() => this.#steps(data, state, programs, saving, begin), {
      drain: () => this.#drain(),
      onReturn: (pools) => {
        this.#rising.restore(record.history.logs);
        return saving.saveAgain(pools);
      },
    });
    signal.throwIfAborted();
    // If the last step was saved before the evaluation that ended the run, its checkpoint lacks the evaluation: the state is saved again.
    const { global_step, max_steps } = record.progress;
    const isEarly = this.#evaluation?.hasStalled === true && global_step < max_steps;
    await saving.saveLast(this.#saveAtEnd, isEarly && record.evaluation !== restored?.evaluation);
    await this.standstill.during();
    this.#evaluation?.loadBest();
    this.#hook('on_train_end');
  }

  /** Waits for the steps queued after a failed one and discards them: the GPU skips their updates. */
  async #drain(): Promise<void> {
    await Promise.allSettled([...this.#pending.splice(0).map(({ stats }) => stats), this.#saving?.copying]);
    this.#init.signal.throwIfAborted();
  }

  /** Runs the remaining steps. */
  async #steps(
    { maxSteps, steps, restored }: TrainingData,
    state: OptimizerState,
    programs: StepPrograms,
    saving: Saving,
    begin: (first: StepData) => Promise<void>,
  ): Promise<void> {
    const record = this.#record;
    const first = restored?.progress.global_step ?? 0;
    const done = record.progress.global_step;
    let step = done;
    const evaluation = this.#evaluation;
    await evaluation?.resume();
    for await (const data of steps(done)) {
      this.#init.signal.throwIfAborted();
      if (evaluation?.hasStalled) break;
      await this.standstill.serve();
      if (step === first && !this.standstill.isStopped) await begin(data);
      if (this.standstill.isStopped) break;
      step += 1;
      if (data.startsEpoch || step === first + 1) this.#hook('on_epoch_begin');
      this.#hook('on_step_begin');
      await this.#submit(state, programs, data, step);
      await this.#acknowledge(saving.isWaiting ? 0 : IN_FLIGHT);
      if (evaluation?.isDue(step, data)) await this.#acknowledge(0).then(() => evaluation.run());
      if (saving.isWaiting) await saving.saveNow();
      if (step >= maxSteps) break;
    }
    await this.#acknowledge(0);
    let isAsked = true;
    while (isAsked) isAsked = await answerLastRequests(this.#init, [{ log: this.#log, evaluation }]);
  }

  async #tune(programs: StepPrograms, tune: Tune, data: StepData): Promise<void> {
    const at = { step: 1, learningRate: this.#record.learningRate(this.#init.args, 1) };
    await this.standstill.unlessStopped((signal) => programs.tune(tune, data, at, signal));
    // The run's usage and times don't include tuning.
    this.#record.begin();
    this.#record.startClock();
  }

  /** Computes the base model's log probabilities, which the loss needs. The run's usage and times don't include this work. */
  async #compare(compare: NonNullable<TrainingData['compare']>): Promise<void> {
    this.#record.reference = await this.standstill.measure(compare);
    this.#record.begin();
    this.#record.startClock();
  }

  async #submit(state: OptimizerState, programs: StepPrograms, data: StepData, step: number): Promise<void> {
    const learningRate = this.#record.learningRate(this.#init.args, step);
    await programs.queue(data, { step, learningRate });
    const saving = this.#saving?.isDue(step, data) ? this.#saving : undefined;
    // One copy at a time: several copies would take more memory.
    while (saving?.copying !== undefined) await saving.copying;
    programs.update();
    const stats = this.#init.runner.read(state.stats).then(unpackStats);
    // If an earlier step fails first, this promise is not awaited. The empty handler prevents an unhandled rejection.
    stats.catch(() => {});
    this.#pending.push({ data, step, learningRate, stats, pools: saving?.copy() });
  }

  /** Saves the state after the last queued step. */
  #saveSoon(): void {
    const last = this.#pending.at(-1);
    if (last === undefined) this.#saving?.ask();
    else last.pools ??= this.#saving?.copy();
  }

  async #acknowledge(atMost: number): Promise<void> {
    while (this.#pending.length > atMost) {
      const first = this.#pending[0];
      if (first === undefined) return;
      const stats = await first.stats;
      this.#pending.shift();
      await this.#finish(first, stats);
      this.#init.signal.throwIfAborted();
    }
  }

  async #finish({ data, step, learningRate, pools }: Submitted, stats: StepStats): Promise<void> {
    expectDone(stats, step);
    this.#recovery?.passed(step);
    const metrics = this.#init.task.logs?.(stats.metrics);
    const logs = this.#record.finish(step, { data, stats, learningRate, metrics });
    this.#rising.add(logs, { learning_rate: this.#init.args.learning_rate, endsEpoch: data.endsEpoch });
    this.#log.add(logs);
    this.#hook('on_step_end');
    if (pools !== undefined) await this.#saving?.save(await pools);
    if (data.endsEpoch) this.#hook('on_epoch_end');
  }

  #hook(hook: RunHook): void {
    this.#emit({ type: 'hook', hook });
  }

  #emit(event: RunEvent): void {
    this.#init.emit(event, this.#record.progress);
  }
}
