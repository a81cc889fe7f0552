import type { Graph } from '../../graph/graph';
import type { Value } from '../../graph/value';
import type { BatchInputs } from './task_batches';
import type { LossParts } from './task_loss';

/** The base model's log probabilities of each row's sequences, for a loss that compares the model with its base model. */
export interface TaskReference<Row = unknown, Inputs extends BatchInputs = BatchInputs> {
  /** Computes the log probabilities of a batch's sequences. `chunkRows` is the number of labelled rows per chunk, as in `Loss`. */
  logps(g: Graph, parts: LossParts<Inputs>): { readonly logps: Value; readonly chunkRows: number };
  /**
   * Stores a batch's log probabilities in its rows: `logps` has those of all first sequences, then those of all second sequences. Batches
   * that are written later contain them.
   */
  keep(rows: readonly Row[], logps: Float32Array): void;
  /**
   * Returns the log probabilities that `keep` has stored in these rows, in the order of its `logps`; NaN for rows in which it has stored
   * none.
   */
  kept(rows: readonly Row[]): Float32Array<ArrayBuffer>;
}
