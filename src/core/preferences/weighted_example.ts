/** An example that a language model learns by likelihood. */
export interface WeightedExample {
  /**
   * 1: a finite factor, from 0, of the loss of each of the example's tokens. The mean is over all labelled tokens of the step, whatever they
   * weigh. Evaluations leave it out, so that perplexities mean the same. Texts that should become less likely are ratings: `KTOTrainer`.
   */
  readonly weight?: number;
}
