import type { Adapter } from '../../adapters/adapter';
import { untilAborted } from '../../core/async/abort';
import { WebVeraError } from '../../core/errors/error';

/** Which adapters are being trained, from the moment that a run is asked for: two runs of one adapter would undo each other's steps. */
export class TrainingTurns {
  readonly #turns = new Map<Adapter, TrainingTurn>();

  /**
   * For a run that trains these adapters. Throws `invalid_argument` where another one trains one of them, unless it was aborted: the new
   * run then has to wait for `earlier`.
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

  /** Resolves once no run moves that trains one of these adapters: it is over, or paused. Rejects with `signal.reason`. */
  async still(adapters: readonly Adapter[], signal: AbortSignal): Promise<void> {
    for (;;) {
      const moving = this.#of(adapters).find(({ isStill }) => !isStill);
      if (moving === undefined) return;
      await untilAborted(moving.stood(), signal);
    }
  }

  #of(adapters: readonly Adapter[]): TrainingTurn[] {
    return [...new Set(adapters.flatMap((adapter) => this.#turns.get(adapter) ?? []))];
  }
}

/** A run's turn to train its adapters. */
export class TrainingTurn {
  readonly signal: AbortSignal;
  /** Resolves once the runs are over that had the adapters before. */
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

  /** Resolves once it is still. */
  async stood(): Promise<void> {
    if (!this.isStill) await new Promise<void>((resolve) => this.#waiting.push(resolve));
  }

  pause(isPaused: boolean): void {
    this.#isPaused = isPaused;
    this.#tell();
  }

  end(): void {
    this.#isOver = true;
    this.#onOver();
    this.#tell();
  }

  #tell(): void {
    if (this.isStill) for (const resolve of this.#waiting.splice(0)) resolve();
  }
}
