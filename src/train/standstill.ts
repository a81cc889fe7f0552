import { PauseGate } from '../core/async/pause_gate';
import type { RunEvent } from '../core/types/run';
import type { RunSnapshot } from '../core/types/snapshot';
import type { PauseReason } from '../core/types/training';
import type { RunRecord } from './saving/run_record';
import { Snapshots } from './saving/snapshots';

interface StandstillInit {
  readonly record: RunRecord;
  readonly signal: AbortSignal;
  emit(event: RunEvent): void;
}

/** What a run does to stand still. */
interface RunState {
  /** Waits until no step is queued. */
  settle(): Promise<void>;
  /** Saves the state before a pause. */
  save(): Promise<void>;
  read(): Promise<RunSnapshot>;
}

/** Lets a run stand still between two steps, or two batches of an evaluation: to be paused, or to have its state read. */
export class Standstill {
  readonly #init: StandstillInit;
  readonly #gate: PauseGate;
  readonly #snapshots = new Snapshots();
  #run: RunState | undefined;

  constructor(init: StandstillInit) {
    this.#init = init;
    this.#gate = new PauseGate((reason) => init.emit({ type: 'paused', reason }));
  }

  /** Resolves once the run stands still; at once if it is over or goes on nevertheless. */
  pause(reason: PauseReason): Promise<void> {
    return this.#gate.pause(reason);
  }

  resume(reason: PauseReason): void {
    this.#gate.resume(reason);
  }

  /** The run goes on to its end, whatever asks for a pause now or later. */
  letGo(): void {
    this.#gate.letGo();
  }

  /** The state at the next moment between two steps. Rejects with `invalid_argument` once the run is over. */
  snapshot(): Promise<RunSnapshot> {
    return this.#snapshots.ask();
  }

  /** The run sets out. */
  begin(run: RunState): void {
    this.#run = run;
    this.#gate.begin();
  }

  /** Whether the run is asked to stand still. */
  get isWanted(): boolean {
    return this.#gate.requested || this.#snapshots.wanted;
  }

  /** Stands still for as long as that is wanted. */
  async serve(): Promise<void> {
    await this.#waitWhilePaused();
    if (!this.#snapshots.wanted) return;
    await this.during();
    this.#init.record.startClock();
  }

  /** Runs `body`, during which no step is queued, and hands out the state to those who ask for it before or meanwhile. */
  async during(body: () => Promise<void> = async () => {}): Promise<void> {
    const run = this.#run;
    if (run === undefined) return body();
    await run.settle();
    await this.#snapshots.during(() => run.read(), body);
  }

  /** To be called when the run is over. */
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
