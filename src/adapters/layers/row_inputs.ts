import type { Graph } from '../../graph/graph';
import type { Runner } from '../../graph/runner';
import type { Value } from '../../graph/value';
import type { Layers } from '../../models/layers';

/** The values and layers of a batch in which each row may use a different adapter, or none. */
export interface RowInputs {
  /** The pinned values that the layers read. The caller allocates and frees them. */
  readonly values: readonly Value[];
  /** Queues a write of `which` (see `RowAdapters`), the index of each row's adapter, for all programs that run later. */
  write(runner: Runner, which: Uint32Array<ArrayBuffer>): void;
  /** Returns layers that apply each row's own adapter. A row has T tokens. */
  over(g: Graph, base: Layers, T: number): Layers;
}
