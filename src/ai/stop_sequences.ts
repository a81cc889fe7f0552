/** Removes stop sequences, and all text after them, from a text that arrives in pieces. */
export class StopSequences {
  readonly #sequences: readonly string[];
  /** The end of the text so far, if it may be the beginning of a stop sequence. */
  #held = '';
  #isFound = false;

  constructor(sequences: readonly string[]) {
    this.#sequences = sequences;
  }

  /** Whether a stop sequence has arrived. */
  get isFound(): boolean {
    return this.#isFound;
  }

  /** Adds a piece of the text. Returns the pending text that can't be part of a stop sequence. */
  push(text: string): string {
    if (this.#isFound) return '';
    const whole = this.#held + text;
    const places = this.#sequences.map((sequence) => whole.indexOf(sequence)).filter((place) => place >= 0);
    this.#isFound = places.length > 0;
    const begun = this.#sequences.map((sequence) => beginningAtEnd(whole, sequence));
    const end = this.#isFound ? Math.min(...places) : whole.length - Math.max(0, ...begun);
    this.#held = this.#isFound ? '' : whole.slice(end);
    return whole.slice(0, end);
  }

  /** Returns the pending text at the end of the stream. */
  finish(): string {
    const rest = this.#held;
    this.#held = '';
    return rest;
  }
}

/** Returns how many of the last characters of a text may be the beginning of a stop sequence. */
export function beginningAtEnd(text: string, sequence: string): number {
  for (let length = Math.min(sequence.length - 1, text.length); length > 0; length--) {
    if (text.endsWith(sequence.slice(0, length))) return length;
  }
  return 0;
}
