import type { Graph } from '../../graph/graph';
import type { Runner } from '../../graph/runner';
import type { Value } from '../../graph/value';
import type { Layers } from '../../models/layers';

/** The values and layers that apply each row's own adapter in a batch. */
export interface RowInputs {
  /** The pinned values that the layers read. The caller allocates and frees them. */
  readonly values: readonly Value[];
  /** Queues a write of the index of each row's adapter, as in `RowAdapters.which`. It applies to all programs that run later. */
  write(runner: Runner, which: Uint32Array<ArrayBuffer>): void;
  /** Returns layers that apply each row's own adapter. A row has T tokens. */
  over(g: Graph, base: Layers, T: number): Layers;
}
