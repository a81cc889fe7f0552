import type { Graph } from '../../graph/graph';
import type { Value } from '../../graph/value';
import type { Labels } from '../../models/labels';
import type { RowTarget } from '../classification/row_targets';
import type { BatchInputs } from './task_batches';
import type { LogitsParts } from './task_loss';

/** Makes slightly changed copies of rows, such as shifted images, with the same targets and as many tokens. */
export interface RowView<Row = unknown> {
  of(row: Row): Row;
}

/** A head whose last layer can be fitted to features by regression (`solveHead`), while all other layers stay unchanged. */
export interface SolvableHead<Row = unknown, Inputs extends BatchInputs = BatchInputs> {
  readonly labels: Labels;
  /** The name, in the model, of the linear layer that computes the logits. */
  readonly lastLayer: string;
  /** The number of features per row that the last layer reads. */
  readonly size: number;
  /** Computes the features that the last layer reads: (B, size). */
  features(g: Graph, parts: LogitsParts<Inputs>): Value;
  /** Returns the targets of a row, and the row's weight. */
  targets(row: Row): RowTarget;
  readonly views: readonly RowView<Row>[];
}

/** The part of a task that is needed to fit its head by regression. */
export interface TaskHead<Row = unknown, Inputs extends BatchInputs = BatchInputs> {
  /** Set if the task predicts labels or numbers for whole inputs, and regression can fit the last layer of its head. */
  readonly solvable?: SolvableHead<Row, Inputs> | undefined;
}
