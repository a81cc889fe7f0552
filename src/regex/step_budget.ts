import { WebVeraError } from '../core/errors/error';

/**
 * A limit on the work that untrusted input can cause. It counts steps instead of time, so that all machines reject the same input; a
 * million steps take about 50 ms.
 */
export class StepBudget {
  left: number;
  readonly #message: string;
  readonly #hint: string;

  /** `message` and `hint` are the texts of the error that is thrown when the budget is used up. */
  constructor(steps: number, message: string, hint: string) {
    this.left = steps;
    this.#message = message;
    this.#hint = hint;
  }

  /** Throws `limit_exceeded` when the budget is used up. */
  spend(steps: number): void {
    this.left -= steps;
    if (this.left < 0) throw this.exceeded();
  }

  exceeded(): WebVeraError {
    return new WebVeraError('limit_exceeded', this.#message, { hint: this.#hint });
  }
}
