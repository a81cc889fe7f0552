import type { PauseReason } from '../types/training';
import { untilAborted } from './abort';

/** Pauses a loop between two steps and stores the reasons for the pause. The loop stays paused while any reason remains. */
export class PauseGate {
  readonly #onReason: (reason: PauseReason) => void;
  readonly #reasons = new Set<PauseReason>();
  /** Resolvers of `pause()` calls that wait until the loop has stopped. */
  #waiting: (() => void)[] = [];
  #leave: (() => void) | undefined;
  /** The reason that the loop has reported while it is paused. */
  #told: PauseReason | undefined;
  /** The reason that was removed last. */
  #last: PauseReason = 'user';
  /** Whether the loop is running; false before `begin()`. */
  #moves = false;
  #isLetGo = false;
  #closed = false;

  /** `onReason` receives the new reason when it replaces the reported one while the loop is paused. */
  constructor(onReason: (reason: PauseReason) => void = () => {}) {
    this.#onReason = onReason;
  }

  get requested(): boolean {
    return this.#reasons.size > 0;
  }

  /** All current reasons, the oldest first. */
  get reasons(): readonly PauseReason[] {
    return [...this.#reasons];
  }

  /** Marks the loop as running. */
  begin(): void {
    this.#moves = true;
  }

  /** Resolves once the loop has paused, once it has no reason to pause any more, or once it has ended. */
  pause(reason: PauseReason): Promise<void> {
    if (this.#closed) return Promise.resolve();
    if (!this.#isLetGo) this.#add(reason);
    return this.#moves ? new Promise((resolve) => this.#waiting.push(resolve)) : Promise.resolve();
  }

  /** Removes a reason. The loop continues unless another reason remains. */
  resume(reason: PauseReason): void {
    if (!this.#reasons.delete(reason)) return;
    this.#last = reason;
    this.#changed();
  }

  /** Removes all reasons and ignores later ones, so that the loop runs to its end. */
  letGo(): void {
    this.#isLetGo = true;
    this.#reasons.clear();
    this.#last = 'user';
    this.#changed();
  }

  /** Marks the loop as paused and returns the reason to report. */
  enter(): PauseReason {
    this.#moves = false;
    this.#release();
    this.#told = this.#foremost() ?? this.#last;
    return this.#told;
  }

  /** Waits until no reason remains, and returns the last one. Rejects with `signal.reason` when aborted. */
  async wait(signal: AbortSignal): Promise<PauseReason> {
    try {
      signal.throwIfAborted();
      while (this.requested) {
        const left = new Promise<void>((resolve) => {
          this.#leave = resolve;
        });
        await untilAborted(left, signal);
      }
      return this.#last;
    } finally {
      this.#leave = undefined;
      this.#told = undefined;
      this.#moves = true;
    }
  }

  /** The loop has ended: resolves everything that waits for it. */
  close(): void {
    this.#closed = true;
    this.#release();
  }

  #add(reason: PauseReason): void {
    this.#reasons.add(reason);
    this.#changed();
  }

  #changed(): void {
    const reason = this.#foremost();
    if (reason === undefined) {
      this.#release();
      this.#leave?.();
    } else if (this.#told !== undefined && this.#told !== reason) {
      this.#told = reason;
      this.#onReason(reason);
    }
  }

  /** A user's request takes precedence over a pause that the page started by itself. */
  #foremost(): PauseReason | undefined {
    return this.#reasons.has('user') ? 'user' : this.#reasons.values().next().value;
  }

  #release(): void {
    for (const resolve of this.#waiting.splice(0)) resolve();
  }
}
