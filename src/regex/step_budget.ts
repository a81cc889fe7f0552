import { WebVeraError } from '../core/errors/error';

/**
 * How much work untrusted input may still cause. Steps are counted rather than time, so that what is refused on one machine is
 * refused on all; a million take some 50 ms.
 */
export class StepBudget {
  left: number;
  readonly #message: string;
  readonly #hint: string;

  /** `message` and `hint` are those of the error. */
  constructor(steps: number, message: string, hint: string) {
    this.left = steps;
    this.#message = message;
    this.#hint = hint;
  }

  /** Throws `limit_exceeded` once there is none left. */
  spend(steps: number): void {
    this.left -= steps;
    if (this.left < 0) throw this.exceeded();
  }

  exceeded(): WebVeraError {
    return new WebVeraError('limit_exceeded', this.#message, { hint: this.#hint });
  }
}
