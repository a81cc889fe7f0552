/** A running mean with exponential decay, corrected for its start, so that the first mean equals the first value. */
export class Smoother {
  readonly #decay: number;
  #sum = 0;
  #weight = 0;

  /** `decay`: the factor from 0 to 1 by which the weights of earlier values shrink when a value is added. */
  constructor(decay: number) {
    this.#decay = decay;
  }

  /** Adds a value and returns the new mean. */
  add(value: number): number {
    this.#sum = this.#decay * this.#sum + (1 - this.#decay) * value;
    this.#weight = this.#decay * this.#weight + (1 - this.#decay);
    return this.#sum / this.#weight;
  }
}
