import type { Pooling } from '../../core/pooling/pooling';
import type { Graph } from '../../graph/graph';
import { pinned, type Value } from '../../graph/value';
import { denseVectors } from '../../models/dense_layers';
import type { Layers } from '../../models/layers';
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

interface PooledParts {
  /** (B·T, C) */
  readonly hidden: Value;
  readonly layers: Layers;
  readonly inputs: Pick<PooledInputs, 'pooling' | 'spans'>;
}

/**
 * Pools a batch's hidden states into one vector per row: (B, K·C), or as wide as the last layer after the pooling makes it. `layers` has the
 * weights of these layers.
 */
export function pooled(
  g: Graph,
  { hidden, layers, inputs: { pooling: weights, spans } }: PooledParts,
  { modes, dense = [], normalize }: Pooling,
): Value {
  const [B = 0, T = 0] = spans.shape;
  const pools = modes.map((mode) => (mode === 'max' ? ('max' as const) : ('sum' as const)));
  const vectors = denseVectors(g, layers, dense, poolRows(g, hidden, weights, { B, T, pools }));
  return normalize ? l2Normalize(g, vectors) : vectors;
}
