import type { Pooling } from '../../core/pooling/pooling';
import type { Graph } from '../../graph/graph';
import { pinned, type Value } from '../../graph/value';
import { l2Normalize } from '../../ops/norms/l2_normalize';
import { poolRows } from '../../ops/rows/pool_rows';
import type { BatchInputs, BatchShape } from '../task/task_batches';

/** The inputs of a batch whose hidden states are pooled into one vector per row. */
export interface PooledInputs extends BatchInputs {
  /** (K, B·T): the weights from `poolingWeights`, for K pooling modes. */
  readonly pooling: Value;
}

export function weightsInput({ B, T }: BatchShape, { modes }: Pooling): Value {
  return pinned('pooling weights', [modes.length, B * T]);
}

/** Pools a batch's hidden states (B·T, C) into one vector per row: (B, K·C). */
export function pooled(
  g: Graph,
  hidden: Value,
  { pooling: weights, spans }: Pick<PooledInputs, 'pooling' | 'spans'>,
  { modes, normalize }: Pooling,
): Value {
  const [B = 0, T = 0] = spans.shape;
  const vectors = poolRows(g, hidden, weights, { B, T, pools: modes.map((mode) => (mode === 'max' ? 'max' : 'sum')) });
  return normalize ? l2Normalize(g, vectors) : vectors;
}
