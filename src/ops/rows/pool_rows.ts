import { WebVeraError } from '../../core/errors/error';
import { expectShape, rowsAndColumns } from '../../core/numbers/shape';
import type { Graph } from '../../graph/graph';
import type { Value } from '../../graph/value';
import { zeros } from '../fill';
import { flatKernel } from '../shader_kernel';

const sizes = { B: 'size', T: 'size', C: 'size', K: 'size', k: 'place' } as const;

export const poolRowsForward = flatKernel({
  name: 'pool_rows',
  bindings: { x: 'read', weights: 'read', y: 'update' },
  params: sizes,
  threads: ({ B, C }) => B * C,
  flops: ({ B, T, C }) => 2 * B * T * C,
});

export const poolRowsBackward = flatKernel({
  name: 'pool_rows_backward',
  bindings: { dy: 'read', weights: 'read', sum: 'read', dx: 'write' },
  params: { ...sizes, has_sum: 'u32' },
  threads: ({ B, T, C }) => B * T * C,
  flops: ({ B, T, C }) => 2 * B * T * C,
});

export const maxRowsForward = flatKernel({
  name: 'max_rows',
  bindings: { x: 'read', weights: 'read', y: 'update', at: 'write' },
  params: sizes,
  threads: ({ B, C }) => B * C,
  flops: ({ B, T, C }) => B * T * C,
});

export const maxRowsBackward = flatKernel({
  name: 'max_rows_backward',
  bindings: { dy: 'read', at: 'read', sum: 'read', dx: 'write' },
  params: { ...sizes, has_sum: 'u32' },
  threads: ({ B, T, C }) => B * T * C,
  flops: ({ B, T, C }) => B * T * C,
});

/**
 * How one vector is made from the rows of a sequence: their weighted sum, or in each column the maximum over the rows whose weight isn't 0.
 */
export type RowPool = 'sum' | 'max';

interface PoolOptions {
  /** The number of sequences. */
  readonly B: number;
  /** The number of rows in a sequence. */
  readonly T: number;
  /** How each of the K vectors of a sequence is made. */
  readonly pools: readonly RowPool[];
}

/**
 * Computes K vectors for each of B sequences, (B, K·C), from the rows of x (B·T, C). `weights` (K, B·T) holds a number for each vector and
 * row. x receives gradients: that of a maximum is added to the first row that has the maximum.
 */
export function poolRows(g: Graph, x: Value, weights: Value, { B, T, pools }: PoolOptions): Value {
  const { columns: C } = rowsAndColumns(x.shape);
  const K = pools.length;
  if (K === 0) throw new WebVeraError('invalid_argument', 'pool_rows: expected at least one pool, got none');
  expectShape('pool_rows x', x.shape, [B * T, C]);
  expectShape('pool_rows weights', weights.shape, [K, B * T]);
  const y = zeros(g, [B, K * C]);
  const backward = pools.map((pool, k) => emitPool(g, pool, { x, weights, y }, { B, T, C, K, k }));
  g.differentiate(y, [x], (dy, [{ sum }]) => [backward.reduce<Value | undefined>((total, one) => one(dy, total), sum)]);
  return y;
}

interface PoolParams {
  readonly B: number;
  readonly T: number;
  readonly C: number;
  readonly K: number;
  readonly k: number;
}

/** Emits the k-th vector of each sequence. Returns the function that adds this vector's contribution to the gradient of x to a sum. */
function emitPool(
  g: Graph,
  pool: RowPool,
  { x, weights, y }: { readonly x: Value; readonly weights: Value; readonly y: Value },
  params: PoolParams,
): (dy: Value, sum: Value | undefined) => Value {
  const withSum = (sum: Value | undefined) => ({ ...params, has_sum: Number(sum !== undefined) });
  if (pool === 'max') {
    const { at } = g.emit(maxRowsForward, { x, weights, y }, { at: [params.B, params.C] }, params);
    return (dy, sum) => g.emit(maxRowsBackward, { dy, at, sum: sum ?? dy }, { dx: x.shape }, withSum(sum)).dx;
  }
  g.emit(poolRowsForward, { x, weights, y }, {}, params);
  return (dy, sum) => g.emit(poolRowsBackward, { dy, weights, sum: sum ?? dy }, { dx: x.shape }, withSum(sum)).dx;
}
