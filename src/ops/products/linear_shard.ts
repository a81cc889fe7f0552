import { rowsAndColumns } from '../../core/numbers/shape';
import type { Graph } from '../../graph/graph';
import { shardsOf, transient, type Value } from '../../graph/value';
import { linesOf, rightStorage } from './operand_storage';
import { defineProduct } from './product';

/*
 * Linear layers whose weight is too large for one binding. Each shard computes some columns of the result, which equals that of a whole
 * weight. `linear` calls these functions.
 */

export const linearShardForward = defineProduct({
  name: 'linear_shard',
  bindings: { x: 'read', weight: 'read', bias: 'read', residual: 'read', y: 'update' },
  params: {
    N: 'size',
    M: 'size',
    K: 'size',
    stride: 'u32',
    width: 'u32',
    first: 'place',
    has_bias: 'u32',
    has_residual: 'u32',
  },
  libs: ['left_of_x', 'right_of_one'],
  left: 'rows',
  right: 'rows',
  weight: true,
  fewRows: true,
  resultStart: true,
  f16: true,
  size: ({ N, M, K }) => [N, M, K],
});

export const linearShardBackward = defineProduct({
  name: 'linear_shard_backward',
  bindings: { dy: 'read', weight: 'read', sum: 'read', dx: 'write' },
  params: { N: 'size', K: 'size', M: 'size', stride: 'u32', width: 'u32', first: 'place', has_sum: 'u32' },
  left: 'rows',
  right: 'columns',
  weight: true,
  f16: true,
  size: ({ N, K, M }) => [N, K, M],
  // Set so that the kernel itself defines the range of K: the columns of dy that belong to the shard. By default, K begins at 0.
  slices: () => 1,
});

/**
 * Computes the same as `emitLinear`, which has checked the shapes, for a weight (M, ≥ K) in shards: each shard computes its own columns of
 * y (…, M).
 */
export function emitLinearShards(
  g: Graph,
  x: Value,
  weight: Value,
  { bias, residual }: { readonly bias?: Value | undefined; readonly residual?: Value | undefined },
): Value {
  const { rows: N, columns: K } = rowsAndColumns(x.shape);
  const [width = 0, stride = 0] = weight.shape;
  const y = transient('linear_shard.y', [...x.shape.slice(0, -1), width]);
  const kernel = linearShardForward.kernel(linesOf([K], width), rightStorage(weight));
  const has = { has_bias: Number(bias !== undefined), has_residual: Number(residual !== undefined) };
  for (const { value, first } of shardsOf(weight)) {
    const [M = 0] = value.shape;
    const given = { x, weight: value, bias: bias ?? x, residual: residual ?? x, y };
    g.emit(kernel, given, {}, { N, M, K, stride, width, first, ...has });
  }
  return y;
}

/** Emits the gradient of the input of a sharded layer: dy (…, M) times the first K columns of the weight, plus `sum` (…, K). */
export function emitLinearShardsBackward(
  g: Graph,
  { dy, weight }: { readonly dy: Value; readonly weight: Value },
  { K, sum }: { readonly K: number; readonly sum: Value | undefined },
): Value | undefined {
  const { rows: N } = rowsAndColumns(dy.shape);
  const [width = 0, stride = 0] = weight.shape;
  const kernel = linearShardBackward.kernel(linesOf([width], K), rightStorage(weight));
  let total = sum;
  for (const { value, first } of shardsOf(weight)) {
    const [M = 0] = value.shape;
    const params = { N, K, M, stride, width, first, has_sum: Number(total !== undefined) };
    const made = { dx: [...dy.shape.slice(0, -1), K] };
    total = g.emit(kernel, { dy, weight: value, sum: total ?? dy }, made, params).dx;
  }
  return total;
}
