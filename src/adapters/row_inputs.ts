import type { Graph } from '../graph/graph';
import type { Runner } from '../graph/runner';
import type { Value } from '../graph/value';
import type { Layers } from '../models/layers';

/** What a batch needs whose rows have adapters of their own. */
export interface RowInputs {
  /** The pinned values that whoever made the inputs owns. */
  readonly values: readonly Value[];
  /** Queues which adapter each row has: an index, or one too many for none. Runs queued later see it. */
  write(runner: Runner, which: Uint32Array<ArrayBuffer>): void;
  /** The layers with each row's own adapter; rows have T tokens. */
  over(g: Graph, base: Layers, T: number): Layers;
}
