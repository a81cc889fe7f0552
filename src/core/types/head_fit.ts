/** Loss and accuracy over examples. */
export interface HeadFigures {
  /** The mean loss, as `Trainer.evaluate` gives it: cross-entropy, binary cross-entropy, or the squared error. */
  readonly loss: number;
  /** The share of examples whose prediction is right, with several labels those with all labels right. null for numbers. */
  readonly accuracy: number | null;
}

/** A head that was solved for. `loss` and `accuracy` are those of the examples it was solved for. */
export interface HeadFit extends HeadFigures {
  /** The inverse strength of the penalty. */
  readonly C: number;
  /** Figures over examples that were held out in turn. null if C was given, or no label has two examples. */
  readonly cross_validated: (HeadFigures & { readonly folds: number }) | null;
  readonly examples: number;
  /** The figures that the head had before, over the same examples. */
  readonly before: HeadFigures;
  /** The figures over `eval_dataset` before and after; null without one. */
  readonly held_out: { readonly examples: number; readonly before: HeadFigures; readonly after: HeadFigures } | null;
  /** The number of examples that ran through the model; the features of the others were known from earlier calls. */
  readonly computed: number;
  readonly seconds: number;
}
