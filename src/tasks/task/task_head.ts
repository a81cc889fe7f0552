import type { Graph } from '../../graph/graph';
import type { Value } from '../../graph/value';
import type { Labels } from '../../models/labels';
import type { RowTarget } from '../classification/row_targets';
import type { BatchInputs } from './task_batches';
import type { LogitsParts } from './task_loss';

/** A head whose last layer can be solved for while everything below it stays as it is. */
export interface SolvableHead<Row = unknown, Inputs extends BatchInputs = BatchInputs> {
  readonly labels: Labels;
  /** The linear layer that makes the logits, by its name in the model. */
  readonly lastLayer: string;
  /** Numbers of a row that the last layer reads. */
  readonly size: number;
  /** The numbers that the last layer reads: (B, size). */
  features(g: Graph, parts: LogitsParts<Inputs>): Value;
  /** The targets of a row, and its weight. */
  targets(row: Row): RowTarget;
  /** Rows that look a little different and have the same targets: equally many for each row. */
  views(row: Row): readonly Row[];
}

/** The head of a task, as a regression sees it. */
export interface TaskHead<Row = unknown, Inputs extends BatchInputs = BatchInputs> {
  /** Set if the task predicts labels, or numbers, of whole inputs. */
  readonly solvable?: SolvableHead<Row, Inputs> | undefined;
}
