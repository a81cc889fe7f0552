/** An example whose tokens a language model learns to predict, with an optional weight. */
export interface WeightedExample {
  /**
   * Default: 1. A finite factor, 0 or more, of the loss of each of the example's tokens. A step's loss is the sum of these weighted losses,
   * divided by the number of all its labelled tokens, whatever their weights. Evaluations ignore weights, so that perplexities stay
   * comparable. For a text that should become less likely, use a rating with `KTOTrainer`.
   */
  readonly weight?: number;
}
