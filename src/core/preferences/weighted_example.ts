/** An example whose tokens a language model learns to predict, with an optional weight. */
export interface WeightedExample {
  /**
   * The factor of the loss of each of the example's tokens: a finite number, 0 or more. Default: 1. A step's loss is the sum of the
   * weighted losses of its labelled tokens, divided by the number of these tokens, whatever their weights. Evaluations ignore weights, so
   * that perplexities stay comparable. For a text that should become less likely, use a rating with `KTOTrainer`.
   */
  readonly weight?: number;
}
