import { WebVeraError } from '../core/errors/error';

/** Of one rendering; a message takes some fifty. */
const MOST_STEPS = 500_000;
/** Looks at the clock take longer than most steps. */
const STEPS_A_LOOK = 64;
/** Characters of a text that is made, and values of a list or an object, with all that they hold. */
export const MOST_TEXT = 2 ** 20;

/** What a template may do, as steps of a microsecond or two, and as time. */
export class Budget {
  readonly #ends: number;
  #left = MOST_STEPS;
  #unseen = 0;

  /** `ends`: by `performance.now()`. */
  constructor(ends: number) {
    this.#ends = ends;
  }

  /** Throws `limit_exceeded` after too many steps, `timeout` after too long. */
  spend(steps: number): void {
    this.#left -= steps;
    if (!(this.#left >= 0)) throw tooMuch('it takes too much work');
    this.#unseen += Math.max(1, steps);
    if (this.#unseen < STEPS_A_LOOK) return;
    this.#unseen = 0;
    if (performance.now() > this.#ends) throw tooLong();
  }
}

export function tooMuch(problem: string): WebVeraError {
  return new WebVeraError('limit_exceeded', `The chat template can't be used: ${problem}`, { hint: HINT });
}

export function tooLong(): WebVeraError {
  return new WebVeraError('timeout', "The chat template can't be used: it takes too long", { hint: HINT });
}

const HINT = 'Is the conversation very long? Else use the template of a published model: this one may be so by intent.';
