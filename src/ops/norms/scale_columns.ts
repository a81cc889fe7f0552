import { expectShape, rowsAndColumns } from '../../core/numbers/shape';
import type { Graph, Sink } from '../../graph/graph';
import type { Value } from '../../graph/value';
import { passOn } from '../add';
import { accumulatedIn, columnVariants } from '../rows/column_sum';
import { expectPlaced, type PoolVector } from '../rows/pool_vector';
import { flatKernel, shaderKernel } from '../shader_kernel';

export const scaleColumnsForward = flatKernel({
  name: 'scale_columns',
  bindings: { x: 'read', pool: 'read', sum: 'read', y: 'write' },
  params: { N: 'size', C: 'size', vector_at: 'place', has_sum: 'u32' },
  threads: ({ N, C }) => N * C,
  inVec4: ({ C }) => C % 4 === 0,
  flops: ({ N, C }) => N * C,
});

/** Computes the gradients of x and of the vector l in one pass over dy. */
export const scaleColumnsBackward = shaderKernel({
  name: 'scale_columns_backward',
  bindings: { x: 'read', dy: 'read', pool: 'read', sum: 'read', dx: 'write', grads: 'update' },
  params: { N: 'size', C: 'size', vector_at: 'place', has_dx: 'u32', has_sum: 'u32' },
  variants: columnVariants('scale_columns_backward'),
  flops: ({ N, C }) => 3 * N * C,
});

/**
 * l ⊙ x + residual, where both are (…, C). x, residual and the pool receive gradients if they are trained; the gradient of the pool
 * accumulates in the buffer passed to `Graph.grad`. The gradient of l is computed from x, not from the result divided by l, so l may be 0.
 *
 * For N rows, reads and writes 2·N·C floats in the forward pass and 3·N·C in the backward pass, in one dispatch each.
 */
export function scaleColumns(g: Graph, x: Value, vector: PoolVector, residual?: Value): Value {
  if (residual !== undefined) expectShape('scale_columns residual', residual.shape, x.shape);
  const y = emitScale(g, x, vector, residual);
  const { pool } = vector;
  if (residual !== undefined) g.differentiate(y, [residual], (dy, [toResidual]) => [passOn(g, dy, toResidual)]);
  g.differentiate(y, [x, pool], (dy, [toX, toPool]) => {
    if (toPool.wanted) return emitScaleBackward(g, { x, dy, vector, toX, toPool });
    return [toX.wanted ? emitScale(g, dy, vector, toX.sum) : undefined, undefined];
  });
  return y;
}

function emitScale(g: Graph, x: Value, vector: PoolVector, sum: Value | undefined): Value {
  const { pool, offset: vector_at } = vector;
  const { rows: N, columns: C } = rowsAndColumns(x.shape);
  expectPlaced('scale_columns', vector, C);
  const has_sum = Number(sum !== undefined);
  return g.emit(scaleColumnsForward, { x, pool, sum: sum ?? x }, { y: x.shape }, { N, C, vector_at, has_sum }).y;
}

interface ScaleBackward {
  readonly x: Value;
  readonly dy: Value;
  readonly vector: PoolVector;
  readonly toX: Sink;
  readonly toPool: Sink;
}

function emitScaleBackward(
  g: Graph,
  { x, dy, vector: { pool, offset: vector_at }, toX: { wanted, sum }, toPool }: ScaleBackward,
): [dx: Value | undefined, grads: Value] {
  const grads = accumulatedIn(toPool, pool);
  const { rows: N, columns: C } = rowsAndColumns(x.shape);
  const params = { N, C, vector_at, has_dx: Number(wanted), has_sum: Number(wanted && sum !== undefined) };
  const { dx } = g.emit(scaleColumnsBackward, { x, dy, pool, sum: sum ?? dy, grads }, { dx: x.shape }, params);
  return [wanted ? dx : undefined, grads];
}
