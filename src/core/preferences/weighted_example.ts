/** An example that a language model learns by likelihood. */
export interface WeightedExample {
  /**
   * 1: a finite factor, from 0, of the loss of each of the example's tokens. The mean is over all labelled tokens of the step and counts
   * each of them once. Evaluations ignore weights, so that perplexities stay comparable. A text that should become less likely is a rating
   * for `KTOTrainer`.
   */
  readonly weight?: number;
}
