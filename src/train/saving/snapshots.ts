import { WebVeraError } from '../../core/errors/error';
import type { RunSnapshot } from '../../core/types/snapshot';

/** Takes snapshots of a run at moments when none of its steps is queued. */
export class Snapshots {
  /** The functions that settle the promises of `ask`. */
  readonly #waiting: ((snapshot: Promise<RunSnapshot>) => void)[] = [];
  /** The function that reads the state. Set only while no step is queued and none will be queued. */
  #take: (() => Promise<RunSnapshot>) | undefined;
  #answering: Promise<unknown> = Promise.resolve();
  #closed = false;

  get wanted(): boolean {
    return this.#waiting.length > 0;
  }

  /** Resolves with the state at the next moment between two steps. Rejects with `invalid_argument` once the run has ended. */
  ask(): Promise<RunSnapshot> {
    if (this.#closed) return Promise.reject(isOver());
    return new Promise((resolve) => {
      this.#waiting.push(resolve);
      if (this.#take !== undefined) this.#answer(this.#take);
    });
  }

  /** Runs `body`, during which no step may be queued. Answers requests made before or meanwhile with the result of `take`. */
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

  /** Call it when the run has ended. */
  close(): void {
    this.#closed = true;
    for (const answer of this.#waiting.splice(0)) answer(Promise.reject(isOver()));
  }

  #answer(take: () => Promise<RunSnapshot>): void {
    const snapshot = this.#answering.then(take);
    for (const answer of this.#waiting.splice(0)) answer(snapshot);
    this.#answering = snapshot.catch(() => {});
  }
}

function isOver(): WebVeraError {
  return new WebVeraError('invalid_argument', 'Expected a running run, got one that has ended');
}
