import type { Adapter } from '../../adapters/adapter';
import { untilAborted } from '../../core/async/abort';
import { WebVeraError } from '../../core/errors/error';

/** Reserves adapters for runs, from the moment that a run is requested: two runs of one adapter would overwrite each other's steps. */
export class TrainingTurns {
  readonly #turns = new Map<Adapter, TrainingTurn>();

  /**
   * Reserves adapters for a run. Throws `invalid_argument` if another run trains one of them, unless that run was
   * aborted: then the new run must wait for `earlier`.
   */
  take(adapters: readonly Adapter[], signal: AbortSignal): TrainingTurn {
    const busy = adapters.find((adapter) => this.#turns.get(adapter)?.signal.aborted === false);
    if (busy !== undefined) {
      throw new WebVeraError('invalid_argument', `Training: adapter ${busy.name} is being trained already`, {
        hint: 'Stop the other run, or wait until it ends.',
      });
    }
    const turn = new TrainingTurn(signal, Promise.all(this.#of(adapters).map(({ over }) => over)));
    for (const adapter of adapters) this.#turns.set(adapter, turn);
    void turn.over.then(() => {
      for (const adapter of adapters) if (this.#turns.get(adapter) === turn) this.#turns.delete(adapter);
    });
    return turn;
  }

  /** Waits until every run that trains one of these adapters is paused or has ended. Rejects with `signal.reason` when aborted. */
  async still(adapters: readonly Adapter[], signal: AbortSignal): Promise<void> {
    for (;;) {
      const moving = this.#of(adapters).find(({ isStill }) => !isStill);
      if (moving === undefined) return;
      await untilAborted(moving.untilStill(), signal);
    }
  }

  #of(adapters: readonly Adapter[]): TrainingTurn[] {
    return [...new Set(adapters.flatMap((adapter) => this.#turns.get(adapter) ?? []))];
  }
}

/** A run's reservation of the adapters that it trains. */
export class TrainingTurn {
  readonly signal: AbortSignal;
  /** Resolves when the earlier runs of these adapters have ended. */
  readonly earlier: Promise<unknown>;
  readonly over: Promise<void>;
  #isPaused = false;
  #isOver = false;
  #onOver = (): void => {};
  #waiting: (() => void)[] = [];

  constructor(signal: AbortSignal, earlier: Promise<unknown>) {
    this.signal = signal;
    this.earlier = earlier;
    this.over = new Promise((resolve) => {
      this.#onOver = resolve;
    });
  }

  get isStill(): boolean {
    return this.#isPaused || this.#isOver;
  }

  /** Waits until the run is paused or has ended. */
  async untilStill(): Promise<void> {
    if (!this.isStill) await new Promise<void>((resolve) => this.#waiting.push(resolve));
  }

  pause(isPaused: boolean): void {
    this.#isPaused = isPaused;
    this.#notify();
  }

  /** Ends the turn once the earlier runs of these adapters have ended, because later runs and merges wait only for the latest turn. */
  end(): void {
    void this.earlier.then(() => {
      this.#isOver = true;
      this.#onOver();
      this.#notify();
    });
  }

  #notify(): void {
    if (this.isStill) for (const resolve of this.#waiting.splice(0)) resolve();
  }
}
