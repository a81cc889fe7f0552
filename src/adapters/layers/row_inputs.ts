import type { Graph } from '../../graph/graph';
import type { Runner } from '../../graph/runner';
import type { Value } from '../../graph/value';
import type { Layers } from '../../models/layers';
import type { MixedPools } from '../../ops/mixed/mixed_pools';

/** The inputs of a batch in which each row has its own adapter. */
export interface RowInputs {
  /** Pinned values. The caller that made the inputs owns them. */
  readonly values: readonly Value[];
  /** Queues the write of each row's adapter, in the form of `RowAdapters.which`. Runs that are queued later use it. */
  write(runner: Runner, which: Uint32Array<ArrayBuffer>): void;
  /** The layers with each row's own adapter. A row has T tokens. */
  over(g: Graph, base: Layers, T: number): Layers;
}

/** The rows of a batch, each with its adapter's vectors in a table of pools. */
export interface TrainedRowVectors extends MixedPools {
  /** Tokens of a row. */
  readonly T: number;
}
