import { expectShape, rowsAndColumns } from '../../core/numbers/shape';
import type { Graph } from '../../graph/graph';
import { transient, type Value } from '../../graph/value';
import { passOn } from '../add';
import { expectDtype } from '../expect_dtype';
import { filled } from '../fill';
import {
  differentiateLinears,
  emitLinear,
  emitLinearBackward,
  emitLinearLayer,
  emitWeightBackward,
  type LinearLayer,
  linear,
  withGradients,
} from '../products/linear';
import { linesOf, rightStorage } from '../products/operand_storage';
import { defineProduct } from '../products/product';

export const loraDownForward = defineProduct({
  name: 'lora_down',
  bindings: { x: 'read', A: 'read', u: 'write' },
  params: { N: 'size', R: 'size', K: 'size', scale: 'f32' },
  libs: ['left_of_x'],
  left: 'rows',
  right: 'rows',
  fewRows: true,
  f16: true,
  size: ({ N, R, K }) => [N, R, K],
});

export const loraLinearForward = defineProduct({
  name: 'lora_linear',
  bindings: { x: 'read', u: 'read', weight: 'read', bias: 'read', B: 'read', residual: 'read', y: 'write' },
  params: { N: 'size', M: 'size', K: 'size', R: 'size', has_bias: 'u32', has_residual: 'u32' },
  left: 'rows',
  right: 'rows',
  weight: true,
  lowRank: 'rows',
  libs: ['left_of_x', 'right_of_one', 'low_of_u', 'result_biased'],
  fewRows: true,
  f16: true,
  size: ({ N, M, K, R }) => [N, M, K + R],
});

export const loraProduct = defineProduct({
  name: 'lora_product',
  bindings: { left: 'read', right: 'read', into: 'update' },
  params: { N: 'size', K: 'size', M: 'size', scale: 'f32', onto: 'u32' },
  left: 'rows',
  right: 'columns',
  size: ({ N, K, M }) => [N, K, M],
});

/** The low-rank branch of one adapter in a layer: scale · (x·Aᵀ·Bᵀ + bias). */
export interface LoraBranch {
  /** (…, in): the layer's input, after dropout if there is any. */
  readonly x: Value;
  /** (R, in), f32 */
  readonly A: Value;
  /** (out, R), f32 */
  readonly B: Value;
  /** (out, 1), f32: the bias of B, as a matrix of one column. */
  readonly bias?: Value | undefined;
  readonly scale: number;
}

/** A linear layer, with or without an adapter. */
export interface LoraLayer extends LinearLayer {
  readonly low?: LoraBranch | undefined;
}

/** A branch with its results in the forward pass: u = scale · x·Aᵀ (…, R), and the layer's y (…, out), which includes u·Bᵀ. */
interface MadeBranch extends LoraBranch {
  readonly u: Value;
  readonly y: Value;
}

/**
 * Computes several layers with the same input. A layer with an adapter is y = x·weightᵀ + bias + residual + scale · x·Aᵀ·Bᵀ, (…, out), in
 * two kernels: one for x·Aᵀ, and one for the rest. A layer without an adapter is a `linear`. x, A, B, weights, biases and residuals receive
 * gradients if they are trained; those of matrices and biases accumulate in the pinned buffers passed to `Graph.grad`. The layers share
 * dispatches in the backward pass.
 */
export function loraLinears(g: Graph, x: Value, layers: readonly LoraLayer[]): Value[] {
  const made = layers.map((layer) => ({ ...layer, ...emitLayer(g, x, layer) }));
  differentiateLinears(g, x, made);
  differentiateBranches(
    g,
    made.flatMap(({ low, u, y }) => (low === undefined || u === undefined ? [] : [{ ...low, u, y }])),
  );
  return made.map(({ low, y }) => withBias(g, y, low));
}

/** y + scale · (x·Aᵀ·Bᵀ + bias), where y is (…, out). Adds another adapter to a layer's result. Gradients as for `loraLinears`. */
export function loraAdd(g: Graph, y: Value, branch: LoraBranch): Value {
  const u = emitDown(g, branch, y.shape.at(-1) ?? 0);
  const z = emitLinear(g, u, branch.B, { residual: y });
  g.differentiate(z, [y], (dz, [toY]) => [passOn(g, dz, toY)]);
  differentiateBranches(g, [{ ...branch, u, y: z }]);
  return withBias(g, z, branch);
}

/** scale · x·Aᵀ·Bᵀ, (…, out): a branch alone, without its bias. Gradients as for `loraLinears`. */
export function loraAlone(g: Graph, branch: LoraBranch): Value {
  const u = emitDown(g, branch, branch.B.shape[0] ?? 0);
  const y = emitLinear(g, u, branch.B);
  differentiateBranches(g, [{ ...branch, u, y }]);
  return y;
}

/** into += scale · B·A, where `into` (out, in) is a pinned f32 value. Has no gradient. */
export function loraMerge(g: Graph, { A, B, scale }: Pick<LoraBranch, 'A' | 'B' | 'scale'>, into: Value): void {
  expectShape('lora_product into', into.shape, [B.shape[0] ?? 0, A.shape[1] ?? 0]);
  emitProduct(g, B, A, { scale, into });
}

/** into += scale · bias, where `into` (out) is a pinned f32 value, and bias is (out, 1). Has no gradient. */
export function loraMergeBias(
  g: Graph,
  { bias, scale }: { readonly bias: Value; readonly scale: number },
  into: Value,
): void {
  emitProduct(g, bias, filled(g, [1, 1], 1), { scale, into });
}

/** y + factor · bias in each row, with a factor for each row: y (…, out), bias (out, 1), factors (…, 1). y and bias receive gradients. */
export function addRowBias(g: Graph, y: Value, factors: Value, bias: Value): Value {
  return linear(g, factors, bias, undefined, { residual: y });
}

function emitLayer(g: Graph, x: Value, layer: LoraLayer): { readonly y: Value; readonly u?: Value } {
  const { weight, bias, residual, low } = layer;
  if (low === undefined) return { y: emitLinearLayer(g, x, layer) };
  const [M = 0] = weight.shape;
  const u = emitDown(g, low, M);
  // The kernel that computes the layer together with its branch doesn't support a weight in shards (split over several buffers).
  if (weight.shards === undefined) return { y: emitLoraLinear(g, x, layer, { u, B: low.B }), u };
  const branch = emitLinear(g, u, low.B, { residual });
  return { y: emitLinearLayer(g, x, { weight, bias, residual: branch }), u };
}

function emitDown(g: Graph, { x, A, B, scale }: LoraBranch, M: number): Value {
  const { rows: N, columns: K } = rowsAndColumns(x.shape);
  const [R = 0] = A.shape;
  expectShape('lora_down A', A.shape, [R, K]);
  expectShape('lora_down B', B.shape, [M, R]);
  expectDtype('lora_down', 'f32', { A, B });
  const kernel = loraDownForward.kernel(linesOf([K], R), rightStorage(A));
  return g.emit(kernel, { x, A }, { u: [...x.shape.slice(0, -1), R] }, { N, R, K, scale }).u;
}

function emitLoraLinear(
  g: Graph,
  x: Value,
  { weight, bias, residual }: LinearLayer,
  { u, B }: { readonly u: Value; readonly B: Value },
): Value {
  const { rows: N, columns: K } = rowsAndColumns(x.shape);
  const { columns: R } = rowsAndColumns(u.shape);
  const [M = 0] = weight.shape;
  const shape = [...x.shape.slice(0, -1), M];
  expectShape('lora_linear weight', weight.shape, [M, K]);
  if (bias !== undefined) expectShape('lora_linear bias', bias.shape, [M]);
  if (residual !== undefined) expectShape('lora_linear residual', residual.shape, shape);
  const has = { has_bias: Number(bias !== undefined), has_residual: Number(residual !== undefined) };
  return g.emit(
    loraLinearForward.kernel(linesOf([K, R], M), rightStorage(weight)),
    { x, u, weight, bias: bias ?? x, B, residual: residual ?? x },
    { y: shape },
    { N, M, K, R, ...has },
  ).y;
}

/** Computes left (…, M) · right (M, K) · scale, as a new value or added to `into`. */
function emitProduct(
  g: Graph,
  left: Value,
  right: Value,
  { scale, into }: { readonly scale: number; readonly into?: Value },
): Value {
  const { rows: N, columns: M } = rowsAndColumns(left.shape);
  const { columns: K } = rowsAndColumns(right.shape);
  expectShape('lora_product right', right.shape, [M, K]);
  const result = into ?? transient('lora_product.into', [...left.shape.slice(0, -1), K]);
  const kernel = loraProduct.kernel(linesOf([M], K), rightStorage(right));
  g.emit(kernel, { left, right, into: result }, {}, { N, K, M, scale, onto: Number(into !== undefined) });
  return result;
}

/** Declares the gradients of branches with respect to x, A and B. */
function differentiateBranches(g: Graph, branches: readonly MadeBranch[]): void {
  const trained = branches.filter(({ x, A, B }) => [x, A, B].some((value) => g.trains(value)));
  const ys = trained.map(({ y }) => y);
  const wrt = trained.flatMap(({ x, A, B }) => [x, A, B]);
  g.differentiateAll(ys, wrt, (dys, sums) => {
    const byInput = new Map<Value, { readonly dy: Value; readonly weight: Value }[]>();
    for (const { x, A, B, u, scale, dy } of withGradients(trained, dys)) {
      sums.put(B, emitWeightBackward(g, dy, u, B, sums.sink(B)));
      if (!(sums.sink(x).wanted || sums.sink(A).wanted)) continue;
      // The gradient of x·Aᵀ.
      const du = emitProduct(g, dy, B, { scale });
      sums.put(A, emitWeightBackward(g, du, x, A, sums.sink(A)));
      byInput.set(x, [...(byInput.get(x) ?? []), { dy: du, weight: A }]);
    }
    for (const [x, layers] of byInput) {
      const { wanted, sum } = sums.sink(x);
      if (wanted) sums.put(x, emitLinearBackward(g, layers, { K: rowsAndColumns(x.shape).columns, sum }));
    }
  });
}

function withBias(g: Graph, y: Value, low: LoraBranch | undefined): Value {
  if (low?.bias === undefined) return y;
  return addRowBias(g, y, filled(g, [...y.shape.slice(0, -1), 1], low.scale), low.bias);
}
