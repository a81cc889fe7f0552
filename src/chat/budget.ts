import { WebVeraError } from '../core/errors/error';

/** The maximum number of steps for one rendering. A message takes about fifty steps. */
const MOST_STEPS = 500_000;
/** The number of steps between two readings of the clock, because a reading takes longer than most steps. */
const STEPS_A_LOOK = 64;
/** The maximum number of characters in a text, and the maximum size of a list or an object with all its content. */
export const MOST_TEXT = 2 ** 20;

/** Limits the work of a template: the number of steps (one or two microseconds each) and the time. */
export class Budget {
  readonly #isOver: () => boolean;
  #left = MOST_STEPS;
  #unseen = 0;

  /** `isOver` returns whether the time limit has passed. */
  constructor(isOver: () => boolean) {
    this.#isOver = isOver;
  }

  /** Counts steps. Throws `limit_exceeded` after too many steps, and `timeout` after the time limit. */
  spend(steps: number): void {
    this.#left -= steps;
    if (!(this.#left >= 0)) throw tooMuch('it takes too much work');
    this.#unseen += Math.max(1, steps);
    if (this.#unseen < STEPS_A_LOOK) return;
    this.#unseen = 0;
    if (this.#isOver()) throw tooLong();
  }
}

export function tooMuch(problem: string): WebVeraError {
  return new WebVeraError('limit_exceeded', `The chat template can't be used: ${problem}`, { hint: HINT });
}

export function tooLong(): WebVeraError {
  return new WebVeraError('timeout', "The chat template can't be used: it takes too long", { hint: HINT });
}

const HINT = 'Is the conversation very long? Else use the template of a published model: this one may be malicious.';
