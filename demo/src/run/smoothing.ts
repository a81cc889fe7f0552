/** How much of the past the smoothed loss keeps. */
const DECAY = 0.92;

/** A running mean that forgets slowly, corrected for its start, so that its first value is the first loss. */
export class Smoother {
  #sum = 0;
  #weight = 0;

  add(value: number): number {
    this.#sum = DECAY * this.#sum + (1 - DECAY) * value;
    this.#weight = DECAY * this.#weight + (1 - DECAY);
    return this.#sum / this.#weight;
  }
}
