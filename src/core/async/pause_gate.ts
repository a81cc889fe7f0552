import type { PauseReason } from '../types/training';
import { untilAborted } from './abort';

/** Pauses a loop between two steps. The loop stays paused as long as there is any reason for a pause. */
export class PauseGate {
  readonly #onReason: (reason: PauseReason) => void;
  readonly #reasons = new Set<PauseReason>();
  /** The functions that resolve the `pause()` calls waiting for the loop to stop. */
  #waiting: (() => void)[] = [];
  #wake: (() => void) | undefined;
  /** The reason that was reported for the current pause; undefined while the loop isn't paused. */
  #reported: PauseReason | undefined;
  /** The reason that was removed last. */
  #lastReason: PauseReason = 'user';
  /** Whether the loop is running; false before `begin()`. */
  #isRunning = false;
  #ignoresPauses = false;
  #closed = false;

  /** While the loop is paused, `onReason` is called when another reason replaces the reported one. */
  constructor(onReason: (reason: PauseReason) => void = () => {}) {
    this.#onReason = onReason;
  }

  get requested(): boolean {
    return this.#reasons.size > 0;
  }

  /** All current reasons for a pause, the oldest first. */
  get reasons(): readonly PauseReason[] {
    return [...this.#reasons];
  }

  /** Marks the loop as running. */
  begin(): void {
    this.#isRunning = true;
  }

  /** Adds a reason. Resolves once the loop has paused, has no reason to pause any more, or has ended. */
  pause(reason: PauseReason): Promise<void> {
    if (this.#closed) return Promise.resolve();
    if (!this.#ignoresPauses) {
      this.#reasons.add(reason);
      this.#changed();
    }
    return this.#isRunning ? new Promise((resolve) => this.#waiting.push(resolve)) : Promise.resolve();
  }

  /** Removes a reason. The loop continues unless another reason remains. */
  resume(reason: PauseReason): void {
    if (!this.#reasons.delete(reason)) return;
    this.#lastReason = reason;
    this.#changed();
  }

  /** Removes all reasons and ignores later ones, so that the loop runs to its end. */
  ignorePauses(): void {
    this.#ignoresPauses = true;
    this.#reasons.clear();
    this.#lastReason = 'user';
    this.#changed();
  }

  /** Marks the loop as paused and returns the reason to report. */
  enter(): PauseReason {
    this.#isRunning = false;
    this.#release();
    this.#reported = this.#mainReason() ?? this.#lastReason;
    return this.#reported;
  }

  /** Waits until no reason remains, and returns the reason that was removed last. Rejects with `signal.reason` when aborted. */
  async wait(signal: AbortSignal): Promise<PauseReason> {
    try {
      signal.throwIfAborted();
      while (this.requested) {
        const left = new Promise<void>((resolve) => {
          this.#wake = resolve;
        });
        await untilAborted(left, signal);
      }
      return this.#lastReason;
    } finally {
      this.#wake = undefined;
      this.#reported = undefined;
      this.#isRunning = true;
    }
  }

  /** Marks the loop as ended, and resolves the `pause()` calls that wait for it. */
  close(): void {
    this.#closed = true;
    this.#release();
  }

  #changed(): void {
    const reason = this.#mainReason();
    if (reason === undefined) {
      this.#release();
      this.#wake?.();
    } else if (this.#reported !== undefined && this.#reported !== reason) {
      this.#reported = reason;
      this.#onReason(reason);
    }
  }

  /** A user's request takes precedence over a pause that the page started by itself. */
  #mainReason(): PauseReason | undefined {
    return this.#reasons.has('user') ? 'user' : this.#reasons.values().next().value;
  }

  #release(): void {
    for (const resolve of this.#waiting.splice(0)) resolve();
  }
}
