import { areSeveral, type Labels, targetsPerRow } from '../../models/labels';

/** What is to be told of an example. */
export interface RowTarget {
  /** Its class or the number to be predicted, alone; or one for each label: 1 where it has the label, or the number. */
  readonly targets: readonly number[];
  /** What its loss is multiplied by. */
  readonly weight: number;
}

/** Of an example without a label. */
export function noTarget(labels: Labels): RowTarget {
  return { targets: new Array<number>(targetsPerRow(labels)).fill(0), weight: 1 };
}

/** What is to be told of a batch's B rows. */
export interface BatchTargets {
  /** B, or 0 where nothing is to be told. */
  readonly labelled: number;
  /** (B, targets of a row): zeros for none. */
  readonly targets: Float32Array<ArrayBuffer>;
  /** (B): what the loss of each row is multiplied by. */
  readonly weights: Float32Array<ArrayBuffer>;
}

export function targetsOfBatch(rows: readonly RowTarget[], isLabelled: boolean): BatchTargets {
  return {
    labelled: isLabelled ? rows.length : 0,
    targets: Float32Array.from(rows.flatMap(({ targets }) => targets)),
    weights: Float32Array.from(rows, ({ weight }) => weight),
  };
}

/** As Python has it: the label or the list of them, and the weight where it isn't 1. */
export function exportedTarget({ targets, weight }: RowTarget, labels: Labels): object {
  const [first = 0] = targets;
  return { labels: areSeveral(labels) ? targets : first, ...(weight !== 1 && { weight }) };
}

/** A row's targets as one of its columns. */
export function targetColumn({ targets }: RowTarget): Uint8Array {
  return new Uint8Array(Float64Array.from(targets).buffer);
}
