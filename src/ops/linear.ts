import linearWgsl from '../../shaders/linear.wgsl?raw';
import linearBackwardWgsl from '../../shaders/linear_backward.wgsl?raw';
import { WebVeraError } from '../core/error';
import { expectShape, formatShape, rowsAndColumns } from '../core/shape';
import type { Graph } from '../graph/graph';
import type { Value } from '../graph/value';
import { defineProduct, linesOf, rightStorage } from './gemm';

export const linearForward = defineProduct({
  name: 'linear',
  bindings: { x: 'read', weight: 'read', bias: 'read', y: 'write' },
  params: { N: 'u32', M: 'u32', K: 'u32', stride: 'u32', has_bias: 'u32' },
  wgsl: linearWgsl,
  left: 'rows',
  right: 'rows',
  fewRows: true,
  size: ({ N, M, K }) => [N, M, K],
});

export const linearBackward = defineProduct({
  name: 'linear_backward',
  bindings: { dy: 'read', weight: 'read', sum: 'read', dx: 'write' },
  params: { N: 'u32', M: 'u32', K: 'u32', stride: 'u32', has_sum: 'u32' },
  wgsl: linearBackwardWgsl,
  left: 'rows',
  right: 'columns',
  size: ({ N, M, K }) => [N, K, M],
});

/**
 * y = x·weightᵀ + bias: x (…, K), weight (M, K) in f32 or f16, bias (M), y (…, M). The weight is frozen, so only x
 * receives a gradient.
 */
export function linear(g: Graph, x: Value, weight: Value, bias?: Value): Value {
  const { columns: K } = rowsAndColumns(x.shape);
  expectShape('linear weight', weight.shape, [weight.shape[0] ?? 0, K]);
  const y = emitLinear(g, x, weight, bias);
  g.differentiate(y, [x], (dy, [{ sum }]) => [emitLinearBackward(g, dy, weight, { K, sum })]);
  return y;
}

/**
 * The product alone, without a gradient: x (…, K) times the first K columns of weight (M, ≥ K), transposed, plus
 * bias (M). Throws `invalid_argument` when the weight has fewer columns.
 */
export function emitLinear(g: Graph, x: Value, weight: Value, bias?: Value): Value {
  const { rows: N, columns: K } = rowsAndColumns(x.shape);
  const { M, stride } = matrix(weight, K);
  if (bias !== undefined) expectShape('linear bias', bias.shape, [M]);
  const kernel = linearForward[linesOf([K], M)][rightStorage(weight)];
  const made = { y: [...x.shape.slice(0, -1), M] };
  return g.emit(kernel, { x, weight, bias: bias ?? x }, made, { N, M, K, stride, has_bias: Number(bias !== undefined) })
    .y;
}

/**
 * The gradient by x of `emitLinear`: dy (…, M) times the first K columns of weight (M, ≥ K; all of them by default),
 * plus `sum` (…, K).
 */
export function emitLinearBackward(
  g: Graph,
  dy: Value,
  weight: Value,
  { K = weight.shape[1] ?? 0, sum }: { readonly K?: number; readonly sum?: Value | undefined } = {},
): Value {
  const { rows: N } = rowsAndColumns(dy.shape);
  const { M, stride } = matrix(weight, K);
  expectShape('linear dy', dy.shape, [...dy.shape.slice(0, -1), M]);
  const dxShape = [...dy.shape.slice(0, -1), K];
  if (sum !== undefined) expectShape('linear sum', sum.shape, dxShape);
  const kernel = linearBackward[linesOf([M], K)][rightStorage(weight)];
  const given = { dy, weight, sum: sum ?? dy };
  return g.emit(kernel, given, { dx: dxShape }, { N, M, K, stride, has_sum: Number(sum !== undefined) }).dx;
}

function matrix(weight: Value, K: number): { readonly M: number; readonly stride: number } {
  const [M = 0, stride = 0] = weight.shape;
  if (weight.shape.length !== 2 || stride < K || K === 0) {
    throw new WebVeraError(
      'invalid_argument',
      `linear weight: expected a matrix with ${K} columns, got ${formatShape(weight.shape)}`,
      { hint: 'Do the weights belong to this config.json?' },
    );
  }
  return { M, stride };
}
