import type { PauseReason, TrainRun } from '../index';
import type { Recovered } from '../parts/words';
import type { Emit, Status } from './status';

/** Follows one run at a time, and reports its events. */
export class RunWatch {
  readonly #status: Status;
  readonly #emit: Emit;
  readonly #onError: (error: unknown) => void;
  run: TrainRun | undefined;
  /** The reason why the run is paused; undefined if it isn't. */
  paused: PauseReason | undefined;
  /** The last failure that the run recovered from. */
  recovered: Recovered | undefined;

  constructor(status: Status, emit: Emit, onError: (error: unknown) => void) {
    this.#status = status;
    this.#emit = emit;
    this.#onError = onError;
  }

  /** Reports a run's events until the run ends or is dropped. If the run is already followed, does nothing. */
  async follow(run: TrainRun): Promise<void> {
    if (this.run === run) return;
    this.drop();
    this.run = run;
    this.#status.happen('learn');
    try {
      for await (const event of run) {
        if (this.run !== run) return;
        if (event.type === 'log') this.#emit('log', event.logs);
        if (event.type === 'paused' || event.type === 'resumed') {
          this.paused = event.type === 'paused' ? event.reason : undefined;
          this.#status.happen(event.type);
          this.#emit('change', undefined); // a paused run may be paused for another reason now
        }
        if (event.type === 'recovered') {
          this.recovered = event;
          this.#emit('change', undefined);
        }
      }
      const output = await run;
      if (this.#end(run)) this.#emit('learnt', output);
    } catch (error) {
      if (this.#end(run)) this.#onError(error);
    }
  }

  /** Stops reporting the run. */
  drop(): void {
    this.run = undefined;
    this.paused = undefined;
    this.recovered = undefined;
  }

  /** Stops following a run that has ended. Returns false if the run was dropped before. */
  #end(run: TrainRun): boolean {
    if (this.run !== run) return false;
    this.drop();
    this.#status.happen('learnt');
    return true;
  }
}
