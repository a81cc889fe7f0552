/** What is to be told of an example. */
export interface RowTarget {
  /** Its class, or the number to be predicted. */
  readonly target: number;
  /** What its loss is multiplied by. */
  readonly weight: number;
}

/** Of an example without a label. */
export const NO_TARGET: RowTarget = { target: 0, weight: 1 };

/** What is to be told of a batch's B rows. */
export interface BatchTargets {
  /** B, or 0 where nothing is to be told. */
  readonly labelled: number;
  /** (B): classes or numbers; zeros for none. */
  readonly targets: Float32Array<ArrayBuffer>;
  /** (B): what the loss of each row is multiplied by. */
  readonly weights: Float32Array<ArrayBuffer>;
}

export function targetsOfBatch(rows: readonly RowTarget[], isLabelled: boolean): BatchTargets {
  return {
    labelled: isLabelled ? rows.length : 0,
    targets: Float32Array.from(rows, ({ target }) => target),
    weights: Float32Array.from(rows, ({ weight }) => weight),
  };
}

/** As Python has it: the label, and the weight where it isn't 1. */
export function exportedTarget({ target, weight }: RowTarget): object {
  return { labels: target, ...(weight !== 1 && { weight }) };
}

/** A row's target as one of its columns. */
export function targetColumn({ target }: RowTarget): Uint8Array {
  return new Uint8Array(Float64Array.of(target).buffer);
}
