import { PauseGate } from '../core/async/pause_gate';
import type { RunEvent } from '../core/types/run';
import type { RunSnapshot } from '../core/types/snapshot';
import type { PauseReason } from '../core/types/training';
import type { MeasureOptions } from './evaluate';
import type { RunRecord } from './saving/run_record';
import { Snapshots } from './saving/snapshots';

interface StandstillInit {
  readonly record: Pick<RunRecord, 'startClock'>;
  /** Aborts the run. */
  readonly signal: AbortSignal;
  emit(event: RunEvent): void;
}

/** A run's functions for pausing. */
interface StandstillRun {
  /** Waits until no step is queued. */
  settle(): Promise<void>;
  /** Saves the state before a pause. */
  save(): Promise<void>;
  read(): Promise<RunSnapshot>;
}

/** Halts a run between two steps, or between two batches of an evaluation, for a pause, a snapshot or an early end. */
export class Standstill {
  readonly #init: StandstillInit;
  readonly #gate: PauseGate;
  readonly #snapshots = new Snapshots();
  readonly #stop = new AbortController();
  #run: StandstillRun | undefined;

  constructor(init: StandstillInit) {
    this.#init = init;
    this.#gate = new PauseGate((reason) => init.emit({ type: 'paused', reason }));
  }

  /** Resolves once the last submitted step or batch is acknowledged, or once the run has ended; immediately if no steps are running. */
  pause(reason: PauseReason): Promise<void> {
    return this.#gate.pause(reason);
  }

  resume(reason: PauseReason): void {
    this.#gate.resume(reason);
  }

  /** Asks the run to end early, in its current state. The run ignores all pauses from then on. */
  stop(): void {
    this.#stop.abort();
    this.#gate.ignorePauses();
  }

  get isStopped(): boolean {
    return this.#stop.signal.aborted;
  }

  /** Runs `body` and returns its result; undefined if the run was stopped meanwhile. */
  async unlessStopped<T>(body: (signal: AbortSignal) => Promise<T>): Promise<T | undefined> {
    const { signal } = this.#init;
    const { signal: stopped } = this.#stop;
    try {
      return await body(AbortSignal.any([signal, stopped]));
    } catch (error) {
      if (this.isStopped && !signal.aborted && error === stopped.reason) return undefined;
      throw error;
    }
  }

  /**
   * Runs an evaluation, which serves pauses and snapshots between two batches. Returns undefined if the run was stopped meanwhile. An
   * evaluation that is the last work of a stopped run isn't cut short.
   */
  async measure<T>(evaluate: (options: MeasureOptions) => Promise<T>, isLast = false): Promise<T | undefined> {
    if (isLast) return evaluate({ signal: this.#init.signal, between: this });
    return this.unlessStopped((signal) => evaluate({ signal, between: this }));
  }

  /** Resolves with the state at the next moment between two steps. Rejects with `invalid_argument` once the run has ended. */
  snapshot(): Promise<RunSnapshot> {
    return this.#snapshots.ask();
  }

  /** Marks the run as running. */
  begin(run: StandstillRun): void {
    this.#run = run;
    this.#gate.begin();
  }

  /** Whether a pause or a snapshot is requested. */
  get isWanted(): boolean {
    return this.#gate.requested || this.#snapshots.wanted;
  }

  /** Waits while the run is paused, and answers requests for snapshots. */
  async serve(): Promise<void> {
    await this.#waitWhilePaused();
    if (!this.#snapshots.wanted) return;
    await this.during();
    this.#init.record.startClock();
  }

  /** Runs `body`, during which no step may be queued, and answers requests for snapshots made before or meanwhile. */
  async during(body: () => Promise<void> = async () => {}): Promise<void> {
    const run = this.#run;
    if (run === undefined) return body();
    await run.settle();
    await this.#snapshots.during(() => run.read(), body);
  }

  /** Call it when the run has ended. */
  close(): void {
    this.#gate.close();
    this.#snapshots.close();
  }

  async #waitWhilePaused(): Promise<void> {
    const { record, signal, emit } = this.#init;
    if (!this.#gate.requested) return;
    await this.#run?.settle();
    await this.#run?.save();
    if (!this.#gate.requested) return;
    const reason = this.#gate.enter();
    emit({ type: 'paused', reason });
    await this.during(async () => {
      const resumed = await this.#gate.wait(signal);
      record.startClock();
      emit({ type: 'resumed', reason: resumed });
    });
  }
}
