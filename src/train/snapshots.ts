import { WebVeraError } from '../core/error';
import type { RunSnapshot } from '../core/snapshot';

interface Waiter {
  resolve(snapshot: RunSnapshot): void;
  reject(error: unknown): void;
}

/** Tells where a run stands to whoever asks while it goes on, at a moment when none of its steps is queued. */
export class Snapshots {
  #waiting: Waiter[] = [];
  /** While nothing is queued, and nothing will be. */
  #take: (() => Promise<RunSnapshot>) | undefined;
  #answering: Promise<void> = Promise.resolve();
  #closed = false;

  get wanted(): boolean {
    return this.#waiting.length > 0;
  }

  /** The state between two steps, as soon as the run comes to that. Rejects with `invalid_argument` once it is over. */
  ask(): Promise<RunSnapshot> {
    if (this.#closed) return Promise.reject(isOver());
    return new Promise((resolve, reject) => {
      this.#waiting.push({ resolve, reject });
      if (this.#take !== undefined) this.#answer(this.#take);
    });
  }

  /** No step is queued while `body` runs: who waits gets what `take` gives, and so does who asks meanwhile. */
  async during<T>(take: () => Promise<RunSnapshot>, body: () => Promise<T>): Promise<T> {
    this.#take = take;
    if (this.wanted) this.#answer(take);
    try {
      return await body();
    } finally {
      this.#take = undefined;
      await this.#answering;
    }
  }

  /** The run is over. */
  close(): void {
    this.#closed = true;
    for (const { reject } of this.#waiting.splice(0)) reject(isOver());
  }

  #answer(take: () => Promise<RunSnapshot>): void {
    const waiting = this.#waiting.splice(0);
    const answer = this.#answering.then(take).then(
      (snapshot) => {
        for (const { resolve } of waiting) resolve(snapshot);
      },
      (error: unknown) => {
        for (const { reject } of waiting) reject(error);
      },
    );
    this.#answering = answer;
  }
}

function isOver(): WebVeraError {
  return new WebVeraError('invalid_argument', 'Expected a run that goes on, got one that is over');
}
