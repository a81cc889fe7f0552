import { WebVeraError } from '../core/errors/error';

/** The largest number of steps of one rendering. A message takes about fifty steps. */
const MOST_STEPS = 500_000;
/** Steps between looks at the clock, which take longer than most steps. */
const STEPS_A_LOOK = 64;
/** The largest number of characters in a text, and the largest size of a list or an object with everything in it. */
export const MOST_TEXT = 2 ** 20;

/** The work that a template may do: a number of steps, of one or two microseconds each, and a time. */
export class Budget {
  readonly #isOver: () => boolean;
  #left = MOST_STEPS;
  #unseen = 0;

  /** `isOver` says whether the time is used up. */
  constructor(isOver: () => boolean) {
    this.#isOver = isOver;
  }

  /** Throws `limit_exceeded` after too many steps, `timeout` after too long. */
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
