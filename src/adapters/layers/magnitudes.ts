import type { Graph } from '../../graph/graph';
import type { Value } from '../../graph/value';
import { copyInto } from '../../ops/copy';
import { doraNorm, type LowRankChange } from '../../ops/dora/dora_norm';
import type { Magnitude } from '../../ops/dora/dora_scale';

/** PEFT's refusal of batches whose rows name adapters with DoRA. */
export const NOT_MIXED = 'Cannot pass `adapter_names` when DoRA is enabled.';

/** Emits magnitudes = ‖W + ΔW‖₂ of each row, the initial values: they leave the lengths of the rows unchanged. */
export function beginMagnitudes(g: Graph, { pool, offset }: Magnitude, weight: Value, change?: LowRankChange): void {
  copyInto(g, doraNorm(g, weight, change), pool, offset);
}
