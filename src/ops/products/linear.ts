import { WebVeraError } from '../../core/errors/error';
import { expectShape, formatShape, rowsAndColumns } from '../../core/numbers/shape';
import type { Graph, Sink } from '../../graph/graph';
import type { Value } from '../../graph/value';
import { passOn } from '../add';
import { accumulatedIn, emitBiasBackward } from '../rows/column_sum';
import { emitLinearShards, emitLinearShardsBackward } from './linear_shard';
import { emitBeside } from './linears';
import { type Lines, linesOf, type RightStorage, rightStorage } from './operand_storage';
import { inParts, threeSizes, threeValues } from './parts';
import { defineProduct } from './product';

export const linearForward = defineProduct({
  name: 'linear',
  bindings: { x: 'read', weight: 'read', bias: 'read', residual: 'read', y: 'write' },
  params: { N: 'size', M: 'size', K: 'size', stride: 'u32', has_bias: 'u32', has_residual: 'u32' },
  libs: ['left_of_x', 'right_of_one'],
  left: 'rows',
  right: 'rows',
  weight: true,
  fewRows: true,
  f16: true,
  matrices: true,
  size: ({ N, M, K }) => [N, M, K],
  plain: ({ has_bias, has_residual }) => has_bias === 0 && has_residual === 0,
});

export const linearBackward = defineProduct({
  name: 'linear_backward',
  bindings: {
    dy0: 'read',
    dy1: 'read',
    dy2: 'read',
    weight0: 'read',
    weight1: 'read',
    weight2: 'read',
    sum: 'read',
    dx: 'write',
  },
  params: { N: 'size', K: 'size', M0: 'size', M1: 'size', M2: 'size', stride: 'u32', has_sum: 'u32' },
  left: 'rows',
  right: 'columns',
  weight: true,
  parts: 'apart',
  libs: ['right_of_three'],
  f16: true,
  size: ({ N, K, M0, M1, M2 }) => [N, K, M0 + M1 + M2],
});

export const linearWeightBackward = defineProduct({
  name: 'linear_weight_backward',
  bindings: { dy: 'read', x: 'read', dw: 'update' },
  params: { N: 'size', M: 'size', K: 'size' },
  left: 'columns',
  right: 'columns',
  size: ({ N, M, K }) => [M, K, N],
});

export interface LinearLayer {
  /** (M, K), in any storage format. */
  readonly weight: Value;
  /** (M) */
  readonly bias?: Value | undefined;
  /** (…, M): added to the result. */
  readonly residual?: Value | undefined;
}

/** A layer with its result. */
interface MadeLayer extends LinearLayer {
  readonly y: Value;
}

/**
 * Computes y = x·weightᵀ + bias + residual: x (…, K), weight (M, K) in any storage format, bias (M), residual and y (…, M). x, residual,
 * weight and bias receive gradients if they train; those of weight and bias accumulate in the buffers passed to `Graph.grad`.
 */
export function linear(
  g: Graph,
  x: Value,
  weight: Value,
  bias?: Value,
  { residual }: { readonly residual?: Value | undefined } = {},
): Value {
  const layer = { weight, bias, residual };
  const y = emitLinearLayer(g, x, layer);
  differentiateLinears(g, x, [{ ...layer, y }]);
  return y;
}

/** Computes several `linear` layers with the same input x. One backward step computes the gradient of x for all of them. */
export function linears(g: Graph, x: Value, layers: readonly LinearLayer[]): Value[] {
  const made = layers.map((layer) => ({ ...layer, y: emitLinearLayer(g, x, layer) }));
  differentiateLinears(g, x, made);
  return made.map(({ y }) => y);
}

/** Declares the gradients of layers with the input x: those of x, weights, biases and residuals. `toInput` emits the gradient of x. */
export function differentiateLinears(
  g: Graph,
  x: Value,
  layers: readonly MadeLayer[],
  toInput = emitLinearBackward,
): void {
  const { columns: K } = rowsAndColumns(x.shape);
  const operands = ({ weight, bias, residual }: LinearLayer): Value[] =>
    [x, weight, bias, residual].filter((value) => value !== undefined);
  // A layer without trained operands must not get a gradient because of the other layers.
  const trained = layers.filter((layer) => operands(layer).some((value) => g.trains(value)));
  const ys = trained.map(({ y }) => y);
  g.differentiateAll(ys, trained.flatMap(operands), (dys, sums) => {
    const given = withGradients(trained, dys);
    const toX = sums.sink(x);
    if (toX.wanted) sums.put(x, toInput(g, given, { K, sum: toX.sum }));
    for (const { dy, weight, bias, residual } of given) {
      sums.put(weight, emitWeightBackward(g, dy, x, weight, sums.sink(weight)));
      if (bias !== undefined) sums.put(bias, emitBiasBackward(g, dy, bias, sums.sink(bias)));
      if (residual !== undefined) sums.put(residual, passOn(g, dy, sums.sink(residual)));
    }
  });
}

/** Returns the layers whose results have a gradient, with those gradients. */
export function withGradients<T>(
  layers: readonly T[],
  dys: readonly (Value | undefined)[],
): (T & { readonly dy: Value })[] {
  return layers.flatMap((layer, index) => {
    const dy = dys[index];
    return dy === undefined ? [] : [{ ...layer, dy }];
  });
}

/** Computes a layer's result, without declaring a gradient. Unlike `emitLinear`, it requires that the weight has as many columns as x. */
export function emitLinearLayer(g: Graph, x: Value, layer: LinearLayer): Value {
  const { weight } = layer;
  expectShape('linear weight', weight.shape, [weight.shape[0] ?? 0, rowsAndColumns(x.shape).columns]);
  return emitLinear(g, x, weight, layer);
}

/**
 * Computes a layer's result, without declaring a gradient: x (…, K) times the first K columns of weight (M, ≥ K), transposed, plus bias (M)
 * and residual (…, M). Throws `invalid_argument` if the weight has fewer than K columns.
 */
export function emitLinear(
  g: Graph,
  x: Value,
  weight: Value,
  { bias, residual }: Omit<LinearLayer, 'weight'> = {},
): Value {
  const { rows: N, columns: K } = rowsAndColumns(x.shape);
  const { M, stride } = matrix(weight, K);
  const shape = [...x.shape.slice(0, -1), M];
  if (bias !== undefined) expectShape('linear bias', bias.shape, [M]);
  if (residual !== undefined) expectShape('linear residual', residual.shape, shape);
  if (weight.shards !== undefined) return emitLinearShards(g, x, weight, { bias, residual });
  const lines = linesOf([K], M);
  const kernel = linearForward.kernel(lines, rightStorage(weight));
  if (lines === 'vec4' && bias === undefined && residual === undefined) {
    const beside = emitBeside(g, kernel, weight, { x, N, K, stride });
    if (beside !== undefined) return beside;
  }
  const has = { has_bias: Number(bias !== undefined), has_residual: Number(residual !== undefined) };
  const given = { x, weight, bias: bias ?? x, residual: residual ?? x };
  return g.emit(kernel, given, { y: shape }, { N, M, K, stride, ...has }).y;
}

/** The operands of one layer's contribution to the gradient of its input. */
export interface InputGradient {
  /** (…, M) */
  readonly dy: Value;
  /** (M, ≥ K) */
  readonly weight: Value;
}

/**
 * Emits the gradient of the input of one or several layers: the sum over the layers of dy (…, M) times the first K columns of weight (M, ≥
 * K), plus `sum` (…, K). Layers whose weights have the same storage format may share a dispatch.
 */
export function emitLinearBackward(
  g: Graph,
  layers: readonly InputGradient[],
  { K, sum }: { readonly K: number; readonly sum: Value | undefined },
): Value | undefined {
  const given = layers.map(inputGradient(K));
  let total = sum;
  for (const layer of given.filter(({ weight }) => weight.shards !== undefined)) {
    total = emitLinearShardsBackward(g, layer, { K, sum: total });
  }
  const whole = given.filter(({ weight }) => weight.shards === undefined);
  for (const parts of inParts(whole, (part, [first]) => isAlike(part, first))) {
    const [first] = parts;
    if (first === undefined) continue;
    const dxShape = [...first.dy.shape.slice(0, -1), K];
    if (total !== undefined) expectShape('linear sum', total.shape, dxShape);
    const [dy0, dy1, dy2] = threeValues(parts.map(({ dy }) => dy));
    const [weight0, weight1, weight2] = threeValues(parts.map(({ weight }) => weight));
    const [M0, M1, M2] = threeSizes(parts.map(({ M }) => M));
    const { rows: N } = rowsAndColumns(first.dy.shape);
    total = g.emit(
      linearBackward.kernel(first.lines, first.storage),
      { dy0, dy1, dy2, weight0, weight1, weight2, sum: total ?? dy0 },
      { dx: dxShape },
      { N, K, M0, M1, M2, stride: first.stride, has_sum: Number(total !== undefined) },
    ).dx;
  }
  return total;
}

interface InputPart extends InputGradient {
  readonly M: number;
  readonly stride: number;
  readonly lines: Lines;
  readonly storage: RightStorage;
}

function inputGradient(K: number): (layer: InputGradient) => InputPart {
  return ({ dy, weight }) => {
    const { M, stride } = matrix(weight, K);
    expectShape('linear dy', dy.shape, [...dy.shape.slice(0, -1), M]);
    return { dy, weight, M, stride, lines: linesOf([M], K), storage: rightStorage(weight) };
  };
}

function isAlike(a: InputPart, b: InputPart | undefined): boolean {
  return a.stride === b?.stride && a.lines === b.lines && a.storage === b.storage;
}

/** Adds the gradient of a linear layer's weight (M, K) to the buffer in which it accumulates: dyᵀ·x, with dy (…, M) and x (…, K). */
export function emitWeightBackward(g: Graph, dy: Value, x: Value, weight: Value, sink: Sink): Value | undefined {
  if (!sink.wanted) return undefined;
  const { rows: N, columns: M } = rowsAndColumns(dy.shape);
  const { columns: K } = rowsAndColumns(x.shape);
  const dw = accumulatedIn(sink, weight);
  expectShape('linear weight gradient', dw.shape, [M, K]);
  g.emit(linearWeightBackward.kernel(linesOf([M], K), rightStorage(x)), { dy, x, dw }, {}, { N, M, K });
  return dw;
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
