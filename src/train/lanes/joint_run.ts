import { WebVeraError } from '../../core/errors/error';
import type { History, RunControl, RunEvent, RunHook } from '../../core/types/run';
import type { PoolSnapshot } from '../../core/types/snapshot';
import type { TrainOutput, TrainProgress } from '../../core/types/training';
import { answerLastRequests } from '../last_requests';
import { CHECKPOINTING } from '../run_events';
import { readPools } from '../saving/pools';
import { Saving } from '../saving/saving';
import { Standstill } from '../standstill';
import { isNumerical } from '../step_recovery';
import type { OptimizerState } from '../steps/optimizer';
import type { Checkpoints } from '../training_init';
import type { JointData, JointInit } from './joint_init';
import { JointRecord } from './joint_record';
import { Lane, type QueuedStep, restoredProgress } from './lane';
import { type JointPrograms, LanePrograms, type LaneProgramsInit } from './lane_programs';

/** Steps that are queued together, one for each adapter that has steps left. */
type Round = readonly QueuedStep[];

/** The maximum number of rounds whose results are pending when the next round is submitted. */
const IN_FLIGHT = 2;

/**
 * A run in which several adapters train at once, each on its own rows: the base model computes all rows in one batch. Each adapter has
 * its own steps, loss, gradient norm, moments, learning rate, evaluations and recovery, as in a separate run. Pauses and checkpoints are
 * shared.
 */
export class JointRun {
  readonly standstill: Standstill;
  readonly #init: JointInit;
  readonly #createPrograms: (init: LaneProgramsInit) => JointPrograms;
  readonly #lanes: readonly Lane[];
  readonly #record: JointRecord;
  readonly #pending: Round[] = [];
  #checkpoints: Checkpoints | undefined;
  #saving: Saving | undefined;
  #states: Pick<OptimizerState, 'pools'> = { pools: new Map() };
  #saveAtEnd: boolean | undefined;

  constructor(init: JointInit, createPrograms = (init: LaneProgramsInit): JointPrograms => new LanePrograms(init)) {
    this.#init = init;
    this.#createPrograms = createPrograms;
    const { runner, args, warn, adapters, task, signal } = init;
    this.#lanes = adapters.map(({ name }, index) => {
      const emit = (event: RunEvent): void => init.emit(event, this.#lanes[index]?.record.progress ?? NOWHERE, name);
      return new Lane({ runner, args, warn, lowerIsBetter: task.lowerIsBetter, index, name, emit });
    });
    this.#record = new JointRecord(this.#lanes);
    this.standstill = new Standstill({ record: this.#record, signal, emit: (event) => this.#emit(event) });
  }

  control({ should_training_stop, should_log, should_save, should_evaluate, save_at_end }: RunControl): void {
    if (should_save === true) this.#saving?.ask();
    if (should_evaluate === true)
      for (const { evaluation } of this.#lanes) evaluation?.ask(should_training_stop === true);
    this.#saveAtEnd = save_at_end ?? this.#saveAtEnd;
    if (should_training_stop === true) this.standstill.stop();
    if (should_log === true) for (const { log } of this.#lanes) log.ask();
  }

  /**
   * Trains to the end. Rejects with `signal.reason` when aborted. If an adapter's loss or gradient norm isn't finite and halving its
   * learning rate hasn't helped, the other adapters finish their training, and then the run rejects with `numerical_error`.
   */
  async run(): Promise<TrainOutput> {
    const { signal } = this.#init;
    for (const { record } of this.#lanes) record.begin();
    try {
      const programs = this.#createPrograms({ ...this.#init, onCheckpointing: () => this.#emit(CHECKPOINTING) });
      try {
        // `prepare` may read a checkpoint, and the run then uses the checkpoint's kernels. So programs are loaded after it.
        const prepare = (stop: AbortSignal): Promise<JointData> =>
          this.#init.prepare(stop, (read) => this.#emit({ type: 'reading', ...read }));
        // A run that may restore a state does so even if it is stopped: otherwise its adapters would lack the training that is stored.
        const data = this.#init.resumes ? await prepare(signal) : await this.standstill.unlessStopped(prepare);
        if (data !== undefined) {
          this.#checkpoints = data.checkpoints;
          const states = await programs.allocate();
          await programs.load();
          await this.#train(data, states, programs);
        }
      } finally {
        await Promise.allSettled(this.#pending.flat().map(({ stats }) => stats));
        await programs.release();
      }
    } finally {
      this.#saving?.close();
      this.#checkpoints?.close();
      this.standstill.close();
    }
    signal.throwIfAborted();
    this.#expectAll();
    return this.#record.output();
  }

  async #train(data: JointData, states: readonly OptimizerState[], programs: JointPrograms): Promise<void> {
    const { runner, args, signal } = this.#init;
    const { checkpoints } = data;
    const record = this.#record;
    const [restored] = data.lanes.flatMap((lane) => lane.restored ?? []);
    if (restored !== undefined) {
      const event: RunEvent = { type: 'restored', checkpoint: restored.checkpoint, ...NO_HISTORY };
      this.#init.emit(event, record.progressOf(data.lanes.map(restoredProgress)));
    }
    for (const [index, lane] of this.#lanes.entries()) {
      const [state, own] = [states[index], data.lanes[index]];
      if (state === undefined || own === undefined) continue;
      const { evaluate } = own;
      // All adapters wait while one is evaluated. The clock restarts, so that no step's time includes the evaluation.
      const measure =
        evaluate && ((isLast: boolean) => this.standstill.measure(evaluate, isLast).finally(() => record.startClock()));
      await lane.begin(state, own, measure);
    }
    const state = { pools: new Map(states.flatMap(({ pools }) => [...pools])) };
    this.#states = state;
    const emit = (event: RunEvent): void => this.#emit(event);
    const hold = (pools: readonly PoolSnapshot[]): void => this.#hold(pools);
    const saving = new Saving({ runner, state, args, checkpoints, record, signal, emit, hold });
    this.#saving = saving;
    this.#hooks('on_train_begin');
    record.startClock();
    this.standstill.begin({
      settle: () => this.#settle(),
      save: () => this.#save(),
      read: async () => ({ ...record.snapshot(), pools: await readPools(runner, state) }),
    });
    await programs.reserve(data.largest);
    do await this.#rounds(programs);
    while ((await this.#returned()) && !this.standstill.isStopped);
    signal.throwIfAborted();
    await this.#returned();
    await saving.saveLast(this.#saveAtEnd);
    await this.standstill.during();
    // An adapter whose training failed keeps the vectors of its last good state, because its error names that state's step.
    for (const { evaluation, failure } of this.#lanes) if (failure === undefined) evaluation?.loadBest();
    this.#hooks('on_train_end');
  }

  /** Runs the remaining steps of all adapters. */
  async #rounds(programs: JointPrograms): Promise<void> {
    for (const lane of this.#lanes) await lane.evaluation?.resume();
    for (;;) {
      this.#init.signal.throwIfAborted();
      await this.standstill.serve();
      if (this.standstill.isStopped) break;
      const round = await this.#submit(programs);
      if (round.length === 0) {
        if (this.#pending.length === 0 && !(await answerLastRequests(this.#init, this.#lanes))) return;
        // If the last steps of an adapter fail, the adapter returns to an earlier state and has steps to run again.
        await this.#settle();
        continue;
      }
      await this.#acknowledge(IN_FLIGHT);
      await this.#afterRound(round);
    }
    await this.#settle();
    await answerLastRequests(this.#init, this.#lanes);
  }

  /** Queues the next step of each adapter that has one. */
  async #submit(programs: JointPrograms): Promise<Round> {
    const next = await Promise.all(this.#lanes.map(async (lane) => ({ lane, step: await lane.next() })));
    const ready = next.flatMap(({ lane, step }) => (step === undefined ? [] : [{ lane, ...step }]));
    if (ready.length === 0) return [];
    const parts = ready.map(({ part }) => part);
    await programs.queue(parts);
    programs.update(parts);
    const round = ready.map(({ lane, data, part }) => lane.queued(data, part));
    this.#pending.push(round);
    return round;
  }

  /** Waits until no step is queued, then runs the evaluations and the save that are due after a round, if any. */
  async #afterRound(round: Round): Promise<void> {
    const due = round.filter(({ lane, step, data }) => lane.evaluation?.isDue(step, data));
    const [farthest] = [...round].sort((a, b) => b.step - a.step);
    const endsEpoch = round.some(({ data }) => data.endsEpoch);
    const isSaved = farthest !== undefined && this.#saving?.isDue(farthest.step, { ...farthest.data, endsEpoch });
    if (due.length === 0 && isSaved !== true) return;
    await this.#settle();
    // Skips an adapter that has returned to an earlier state since this step. It is evaluated once it reaches this step again.
    for (const { lane, step } of due) if (lane.isAt(step)) await lane.evaluation?.run();
    if (isSaved === true) await this.#save();
  }

  /** Saves the state while no step is queued. Before that, adapters whose parameters are too large return to their last good state. */
  async #save(): Promise<void> {
    await this.#returned();
    await this.#saving?.saveNow();
  }

  #hold(pools: readonly PoolSnapshot[]): void {
    for (const [index, lane] of this.#lanes.entries()) {
      const pool = pools[index];
      if (pool !== undefined) lane.hold(pool);
    }
  }

  /**
   * Resets each adapter whose parameters are too large to its last good state. Resolves with whether it reset any. No step may be queued.
   */
  async #returned(): Promise<boolean> {
    let isBack = false;
    for (const lane of this.#lanes) {
      try {
        await lane.check();
      } catch (error) {
        if (!isNumerical(error)) throw error;
        await lane.goBack(error);
        isBack = true;
      }
    }
    if (isBack) await this.#saveAgain();
    return isBack;
  }

  /** Waits until no step is queued. Adapters whose steps failed return to an earlier state. */
  async #settle(): Promise<void> {
    await this.#acknowledge(0);
  }

  async #acknowledge(atMost: number): Promise<void> {
    const failed = new Map<Lane, WebVeraError>();
    // Once a step has failed, all queued steps must end before its adapter returns to an earlier state.
    while (this.#pending.length > (failed.size > 0 ? 0 : atMost)) {
      const [round = []] = this.#pending;
      const results = await Promise.all(round.map(({ stats }) => stats));
      this.#pending.shift();
      for (const [index, step] of round.entries()) {
        if (failed.has(step.lane)) continue;
        try {
          step.lane.finish(step, results[index] as ArrayBuffer);
        } catch (error) {
          if (!isNumerical(error)) throw error;
          failed.set(step.lane, error);
        }
      }
      this.#init.signal.throwIfAborted();
    }
    if (failed.size === 0) return;
    for (const [lane, error] of failed) await lane.goBack(error);
    await this.#saveAgain();
  }

  /** Saves the state again after an adapter has returned to an earlier one. */
  async #saveAgain(): Promise<void> {
    await this.#saving?.saveAgain(await readPools(this.#init.runner, this.#states));
  }

  /** Throws the error of the first adapter whose training has failed, if any. */
  #expectAll(): void {
    const failed = this.#lanes.filter(({ failure }) => failure !== undefined);
    const [first] = failed;
    if (first?.failure === undefined) return;
    const { code, message, hint, detail } = first.failure;
    const names = failed.map(({ name }) => name);
    throw new WebVeraError(code, `${first.name}: ${message}`, { hint, detail: { ...detail, adapters: names } });
  }

  #hooks(hook: RunHook): void {
    for (const { name, record } of this.#lanes) this.#init.emit({ type: 'hook', hook }, record.progress, name);
  }

  #emit(event: RunEvent): void {
    this.#init.emit(event, this.#record.progress);
  }
}

/** The history in events about all adapters. It is empty, because each adapter has its own history. */
const NO_HISTORY: History = { logs: [], evaluations: [], best: null };
const NOWHERE: TrainProgress = { global_step: 0, max_steps: 0, epoch: 0 };
