import type { Graph } from '../../graph/graph';
import type { Value } from '../../graph/value';
import type { BatchInputs } from './task_batches';
import type { LossParts } from './task_loss';

/** The log probabilities that the base model gives to each row's sequences, for a loss that compares the model with it. */
export interface TaskReference<Row = unknown, Inputs extends BatchInputs = BatchInputs> {
  /** The log probabilities of a batch's sequences, and the labelled rows of a chunk as for a loss. */
  logps(g: Graph, parts: LossParts<Inputs>): { readonly logps: Value; readonly chunkRows: number };
  /**
   * Stores the log probabilities of a batch of these rows: those of all first sequences, then those of all second ones. Batches that are
   * written later contain them.
   */
  keep(rows: readonly Row[], logps: Float32Array): void;
  /** The log probabilities that `keep` has stored of these rows, in the same order; NaN where it has stored nothing. */
  kept(rows: readonly Row[]): Float32Array<ArrayBuffer>;
}
