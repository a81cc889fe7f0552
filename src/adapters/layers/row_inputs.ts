import type { Graph } from '../../graph/graph';
import type { Runner } from '../../graph/runner';
import type { Value } from '../../graph/value';
import type { Layers } from '../../models/layers';

/** The inputs of a batch in which each row has its own adapter. */
export interface RowInputs {
  /** Pinned values. The caller that made the inputs owns them. */
  readonly values: readonly Value[];
  /** Queues which adapter each row has, as `RowAdapters.which`, for the runs queued later. */
  write(runner: Runner, which: Uint32Array<ArrayBuffer>): void;
  /** The layers with each row's own adapter. A row has T tokens. */
  over(g: Graph, base: Layers, T: number): Layers;
}
