import type { PauseReason } from '../types/training';
import { untilAborted } from './abort';

/** Lets a loop be paused between two steps, and keeps why: it stands still as long as there is a reason to. */
export class PauseGate {
  readonly #onReason: (reason: PauseReason) => void;
  readonly #reasons = new Set<PauseReason>();
  /** Who is to hear that the loop stands still. */
  #waiting: (() => void)[] = [];
  #leave: (() => void) | undefined;
  /** What the loop has told as its reason, while it stands still. */
  #told: PauseReason | undefined;
  /** The last reason that went. */
  #last: PauseReason = 'user';
  /** At first nothing moves. */
  #moves = false;
  #isLetGo = false;
  #closed = false;

  /** `onReason` hears of another reason that has taken the place of the one told, while the loop stands still. */
  constructor(onReason: (reason: PauseReason) => void = () => {}) {
    this.#onReason = onReason;
  }

  get requested(): boolean {
    return this.#reasons.size > 0;
  }

  /** All that there are, the oldest first. */
  get reasons(): readonly PauseReason[] {
    return [...this.#reasons];
  }

  /** The loop sets out. */
  begin(): void {
    this.#moves = true;
  }

  /** Resolves once the loop stands still, has no reason to any more, or is over. */
  pause(reason: PauseReason): Promise<void> {
    if (this.#closed) return Promise.resolve();
    if (!this.#isLetGo) this.#add(reason);
    return this.#moves ? new Promise((resolve) => this.#waiting.push(resolve)) : Promise.resolve();
  }

  /** The loop goes on unless there is another reason. */
  resume(reason: PauseReason): void {
    if (!this.#reasons.delete(reason)) return;
    this.#last = reason;
    this.#changed();
  }

  /** The loop goes on to its end, whatever asks for a pause now or later. */
  letGo(): void {
    this.#isLetGo = true;
    this.#reasons.clear();
    this.#last = 'user';
    this.#changed();
  }

  /** The loop stands still now; gives the reason to tell. */
  enter(): PauseReason {
    this.#moves = false;
    this.#release();
    this.#told = this.#foremost() ?? this.#last;
    return this.#told;
  }

  /** Waits until there is no reason left, and gives the last one; rejects with `signal.reason` when aborted. */
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

  /** The loop is over: nobody waits for it any more. */
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

  /** What somebody asked for goes before what a page does by itself. */
  #foremost(): PauseReason | undefined {
    return this.#reasons.has('user') ? 'user' : this.#reasons.values().next().value;
  }

  #release(): void {
    for (const resolve of this.#waiting.splice(0)) resolve();
  }
}
