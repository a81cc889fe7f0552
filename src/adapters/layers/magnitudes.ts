import type { Graph } from '../../graph/graph';
import type { Value } from '../../graph/value';
import { copyInto } from '../../ops/copy';
import { doraNorm, type LowRankChange } from '../../ops/dora/dora_norm';
import type { PoolVector } from '../../ops/rows/pool_vector';

/** PEFT's error message for a batch in which rows use adapters with DoRA. */
export const NOT_MIXED = 'Cannot pass `adapter_names` when DoRA is enabled.';

/**
 * Emits steps that write the initial magnitudes into the pool: the row norms ‖W + ΔW‖₂. Rescaling the rows to these norms changes nothing.
 */
export function beginMagnitudes(g: Graph, { pool, offset }: PoolVector, weight: Value, change?: LowRankChange): void {
  copyInto(g, doraNorm(g, weight, change), pool, offset);
}
