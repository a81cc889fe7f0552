import { WebVeraError } from '../core/error';

/** Milliseconds for so many characters of a text. */
const LIMIT = 2000;
const CHARACTERS = 4096;

/** Ends the work on a text that goes on too slowly. It is looked at between words only, as nothing can stop one. */
export class Deadline {
  readonly #clock: () => number;
  #since: number;
  #characters = 0;

  /** `clock` in milliseconds. */
  constructor(clock: () => number) {
    this.#clock = clock;
    this.#since = clock();
  }

  /** So many characters are next. */
  pass(characters: number): void {
    if (this.#characters >= CHARACTERS) {
      this.check();
      this.#characters = 0;
      this.#since = this.#clock();
    }
    this.#characters += characters;
  }

  /** Throws `timeout`. */
  check(): void {
    const limit = LIMIT * Math.max(1, this.#characters / CHARACTERS);
    if (this.#clock() - this.#since <= limit) return;
    throw new WebVeraError('timeout', `Tokenizing ${this.#characters} characters took longer than ${limit} ms`, {
      hint: 'This tokenizer is too slow to use, perhaps by intent. Use that of a published model.',
    });
  }
}
