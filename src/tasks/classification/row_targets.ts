import { WebVeraError } from '../../core/errors/error';
import type { SentExample } from '../../core/types/training';
import { areSeveral, type Labels, targetsPerRow } from '../../models/labels';

/** The targets of an example. */
export interface RowTarget {
  /** The example's class, or the number to predict. With several labels, a probability or a number for each label. */
  readonly targets: readonly number[];
  /** The weight of the example's loss. */
  readonly weight: number;
}

/** Returns targets for an example without a label: zeros. */
export function noTarget(labels: Labels): RowTarget {
  return { targets: new Array<number>(targetsPerRow(labels)).fill(0), weight: 1 };
}

/** Throws `invalid_argument` for an example with a weight other than 1, because classifiers read only weights of classes. */
export function expectUnweighted(example: SentExample, where: string): void {
  const weight = 'weight' in example ? (example.weight ?? 1) : 1;
  if (weight === 1) return;
  throw new WebVeraError('invalid_argument', `${where}: weight: expected none for a classifier, got ${weight}`, {
    hint: 'Weights of single examples are for language models. Classifiers of texts and of images have classWeights.',
  });
}

/** The targets of a batch's B rows. */
export interface BatchTargets {
  /** B, or 0 if the rows have no labels. */
  readonly labelled: number;
  /** (B, targets per row): zeros for rows without a label. */
  readonly targets: Float32Array<ArrayBuffer>;
  /** (B): the weight of each row's loss. */
  readonly weights: Float32Array<ArrayBuffer>;
}

export function targetsOfBatch(rows: readonly RowTarget[], isLabelled: boolean): BatchTargets {
  return {
    labelled: isLabelled ? rows.length : 0,
    targets: Float32Array.from(rows.flatMap(({ targets }) => targets)),
    weights: Float32Array.from(rows, ({ weight }) => weight),
  };
}

/** Returns the fields that an exported row has for Python: the label or the list of labels, and the weight if it isn't 1. */
export function exportedTarget({ targets, weight }: RowTarget, labels: Labels): object {
  const [first = 0] = targets;
  return { labels: areSeveral(labels) ? targets : first, ...(weight !== 1 && { weight }) };
}

/** Returns a row's targets as bytes, for `TaskData.columns`. */
export function targetColumn({ targets }: RowTarget): Uint8Array {
  return new Uint8Array(Float64Array.from(targets).buffer);
}
