import linearWgsl from '../../shaders/linear.wgsl?raw';
import linearBackwardWgsl from '../../shaders/linear_backward.wgsl?raw';
import weightBackwardWgsl from '../../shaders/linear_weight_backward.wgsl?raw';
import { WebVeraError } from '../core/error';
import { expectShape, formatShape, rowsAndColumns } from '../core/shape';
import type { Graph, Sink } from '../graph/graph';
import type { Value } from '../graph/value';
import { emitColumnSum, gatheredIn } from './column_sum';
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

export const linearWeightBackward = defineProduct({
  name: 'linear_weight_backward',
  bindings: { dy: 'read', x: 'read', dw: 'update' },
  params: { N: 'u32', M: 'u32', K: 'u32' },
  wgsl: weightBackwardWgsl,
  left: 'columns',
  right: 'columns',
  size: ({ N, M, K }) => [M, K, N],
});

/**
 * y = x·weightᵀ + bias: x (…, K), weight (M, K) in f32 or f16, bias (M), y (…, M). Those of x, weight and bias that
 * train receive gradients; the weight's and the bias's gather in the buffers that `Graph.grad` was given for them.
 */
export function linear(g: Graph, x: Value, weight: Value, bias?: Value): Value {
  const { columns: K } = rowsAndColumns(x.shape);
  expectShape('linear weight', weight.shape, [weight.shape[0] ?? 0, K]);
  const y = emitLinear(g, x, weight, bias);
  const biases = bias === undefined ? [] : [bias];
  g.differentiate(y, [x, weight, ...biases], (dy, [toX, toWeight, toBias]) => [
    toX.wanted ? emitLinearBackward(g, dy, weight, { K, sum: toX.sum }) : undefined,
    emitWeightBackward(g, dy, x, weight, toWeight),
    emitBiasBackward(g, dy, bias, toBias),
  ]);
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

/**
 * The gradient by the weight (M, K) of a linear layer: dyᵀ·x, of dy (…, M) and x (…, K), goes into the buffer where it
 * gathers.
 */
export function emitWeightBackward(g: Graph, dy: Value, x: Value, weight: Value, sink: Sink): Value | undefined {
  if (!sink.wanted) return undefined;
  const { rows: N, columns: M } = rowsAndColumns(dy.shape);
  const { columns: K } = rowsAndColumns(x.shape);
  const dw = gatheredIn(sink, weight);
  expectShape('linear weight gradient', dw.shape, [M, K]);
  g.emit(linearWeightBackward[linesOf([M], K)][rightStorage(x)], { dy, x, dw }, {}, { N, M, K });
  return dw;
}

/** The gradient by the bias (M) of a layer, if it has one: the sum of the rows of dy (…, M), gathered likewise. */
export function emitBiasBackward(
  g: Graph,
  dy: Value,
  bias: Value | undefined,
  sink: Sink | undefined,
): Value | undefined {
  if (bias === undefined || !sink?.wanted) return undefined;
  const db = gatheredIn(sink, bias);
  emitColumnSum(g, dy, db);
  return db;
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
