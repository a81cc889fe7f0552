import veraAddWgsl from '../../shaders/vera_add.wgsl?raw';
import lambdaBackwardWgsl from '../../shaders/vera_lambda_backward.wgsl?raw';
import veraLinearWgsl from '../../shaders/vera_linear.wgsl?raw';
import upBackwardWgsl from '../../shaders/vera_up_backward.wgsl?raw';
import { WebVeraError } from '../core/error';
import { ceilDiv, expectShape, formatShape, rowsAndColumns, type Shape } from '../core/shape';
import type { Graph, Sink } from '../graph/graph';
import type { Value } from '../graph/value';
import { passOn } from './add';
import { gatheredIn } from './column_sum';
import { defineProduct, linesOf, rightStorage, TILE } from './gemm';
import { LambdaSums } from './lambda_sums';
import { emitBiasBackward, emitLinear, emitLinearBackward, emitWeightBackward } from './linear';

export const veraLinearForward = defineProduct({
  name: 'vera_linear',
  bindings: { x: 'read', u: 'read', weight: 'read', bias: 'read', B: 'read', lambda: 'read', y: 'write' },
  params: { N: 'u32', M: 'u32', K: 'u32', R: 'u32', offset_b: 'u32', offset_d: 'u32', has_bias: 'u32' },
  wgsl: veraLinearWgsl,
  left: 'rows',
  right: 'rows',
  lowRank: true,
  fewRows: true,
  size: ({ N, M, K, R }) => [N, M, K + R],
});

export const veraAddForward = defineProduct({
  name: 'vera_add',
  bindings: { y: 'read', u: 'read', B: 'read', lambda: 'read', z: 'write' },
  params: { N: 'u32', M: 'u32', R: 'u32', offset_b: 'u32', offset_d: 'u32' },
  wgsl: veraAddWgsl,
  left: 'rows',
  right: 'own',
  fewRows: true,
  size: ({ N, M, R }) => [N, M, R],
});

export const veraUpBackward = defineProduct({
  name: 'vera_up_backward',
  bindings: { dy: 'read', B: 'read', lambda: 'read', sum: 'read', du: 'write' },
  params: { N: 'u32', M: 'u32', R: 'u32', offset_b: 'u32', offset_d: 'u32', has_sum: 'u32' },
  wgsl: upBackwardWgsl,
  left: 'rows',
  right: 'own',
  size: ({ N, M, R }) => [N, R, M],
});

export const veraLambdaBackward = defineProduct({
  name: 'vera_lambda_backward',
  bindings: { dy: 'read', u: 'read', B: 'read', lambda: 'read', partials: 'update' },
  params: { N: 'u32', M: 'u32', R: 'u32', offset_b: 'u32', offset_d: 'u32', at_b: 'u32', at_d: 'u32' },
  wgsl: lambdaBackwardWgsl,
  left: 'columns',
  right: 'columns',
  finish: 'own',
  size: ({ N, M, R }) => [M, R, N],
});

/**
 * u = x·A[:, :in]ᵀ: x (…, in), A (R, ≥ in), u (…, R). A is frozen, so only x receives a gradient. Modules that
 * share x share u: it is computed once, and its gradient goes through A once.
 */
export function veraDown(g: Graph, x: Value, A: Value): Value {
  const { columns: K } = rowsAndColumns(x.shape);
  const u = emitLinear(g, x, A);
  g.differentiate(u, [x], (du, [{ sum }]) => [emitLinearBackward(g, du, A, { K, sum })]);
  return u;
}

/** One adapter's part in a layer. */
export interface LowRank {
  /** (…, R), of `veraDown`. */
  readonly u: Value;
  /** (≥ out, R) */
  readonly B: Value;
  /** The pool of trained vectors, one-dimensional. */
  readonly lambda: Value;
  /** Where λ_b (out) begins in the pool: an element, a multiple of 4. */
  readonly offsetB: number;
  /** Where λ_d (R) begins in the pool: an element, a multiple of 4. */
  readonly offsetD: number;
}

/** The adapted linear layer's operands. */
export interface VeraLinear extends LowRank {
  /** (…, in) */
  readonly x: Value;
  /** (out, in), f32 or f16. */
  readonly weight: Value;
  /** (out) */
  readonly bias?: Value | undefined;
}

/**
 * y = x·weightᵀ + bias + λ_b ⊙ (B[:out]·(λ_d ⊙ u)): y (…, out), in one kernel. Gradients go to all that trains of x, u,
 * the pool, weight and bias; the last three's gather in the pinned buffers that `Graph.grad` was given for them.
 */
export function veraLinear(g: Graph, operands: VeraLinear): Value {
  const { x, u, weight, bias, B, lambda, offsetB: offset_b, offsetD: offset_d } = operands;
  const { columns: K } = rowsAndColumns(x.shape);
  const [M = 0] = weight.shape;
  expectShape('vera_linear weight', weight.shape, [M, K]);
  if (bias !== undefined) expectShape('vera_linear bias', bias.shape, [M]);
  const { N, R } = checkLowRank('vera_linear', operands, [...x.shape.slice(0, -1), M]);
  const { y } = g.emit(
    veraLinearForward[linesOf([K, R], M)][rightStorage(weight)],
    { x, u, weight, bias: bias ?? x, B, lambda },
    { y: [...x.shape.slice(0, -1), M] },
    { N, M, K, R, offset_b, offset_d, has_bias: Number(bias !== undefined) },
  );
  const biases = bias === undefined ? [] : [bias];
  g.differentiate(y, [x, u, lambda, weight, ...biases], (dy, [toX, toU, toLambda, toWeight, toBias]) => [
    toX.wanted ? emitLinearBackward(g, dy, weight, { K, sum: toX.sum }) : undefined,
    emitUpBackward(g, operands, dy, toU),
    emitLambdaBackward(g, operands, dy, toLambda),
    emitWeightBackward(g, dy, x, weight, toWeight),
    emitBiasBackward(g, dy, bias, toBias),
  ]);
  return y;
}

/**
 * y + λ_b ⊙ (B[:out]·(λ_d ⊙ u)): y (…, out). A further adapter on a layer's output; gradients as for `veraLinear`.
 */
export function veraAdd(g: Graph, y: Value, operands: LowRank): Value {
  const { u, B, lambda, offsetB: offset_b, offsetD: offset_d } = operands;
  const { N, M, R } = checkLowRank('vera_add', operands, y.shape);
  const kernel = veraAddForward[linesOf([R], M)][rightStorage(B)];
  const { z } = g.emit(kernel, { y, u, B, lambda }, { z: y.shape }, { N, M, R, offset_b, offset_d });
  g.differentiate(z, [y, u, lambda], (dz, [toY, toU, toLambda]) => [
    passOn(g, dz, toY),
    emitUpBackward(g, operands, dz, toU),
    emitLambdaBackward(g, operands, dz, toLambda),
  ]);
  return z;
}

function emitUpBackward(g: Graph, operands: LowRank, dy: Value, { wanted, sum }: Sink): Value | undefined {
  if (!wanted) return undefined;
  const { u, B, lambda, offsetB: offset_b, offsetD: offset_d } = operands;
  const { rows: N, columns: M } = rowsAndColumns(dy.shape);
  const { columns: R } = rowsAndColumns(u.shape);
  const params = { N, M, R, offset_b, offset_d, has_sum: Number(sum !== undefined) };
  const kernel = veraUpBackward[linesOf([M], R)][rightStorage(B)];
  return g.emit(kernel, { dy, B, lambda, sum: sum ?? dy }, { du: u.shape }, params).du;
}

function emitLambdaBackward(g: Graph, operands: LowRank, dy: Value, sink: Sink): Value | undefined {
  if (!sink.wanted) return undefined;
  const { u, B, lambda, offsetB: offset_b, offsetD: offset_d } = operands;
  const grads = gatheredIn(sink, lambda);
  const { rows: N, columns: M } = rowsAndColumns(dy.shape);
  const { columns: R } = rowsAndColumns(u.shape);
  const { partials, at } = g.inPass(LambdaSums).take(grads, [
    { length: M, tiles: ceilDiv(R, TILE), offset: offset_b },
    { length: R, tiles: ceilDiv(M, TILE), offset: offset_d },
  ]);
  const [at_b = 0, at_d = 0] = at;
  const kernel = veraLambdaBackward[linesOf([M])][rightStorage(u)];
  g.emit(kernel, { dy, u, B, lambda, partials }, {}, { N, M, R, offset_b, offset_d, at_b, at_d });
  return grads;
}

/** Throws `invalid_argument` unless the operands fit an output of this shape (…, out). */
function checkLowRank(
  op: string,
  { u, B, lambda, offsetB, offsetD }: LowRank,
  y: Shape,
): { readonly N: number; readonly M: number; readonly R: number } {
  const { rows: N, columns: M } = rowsAndColumns(y);
  const { columns: R } = rowsAndColumns(u.shape);
  expectShape(`${op} u`, u.shape, [...y.slice(0, -1), R]);
  const [rowsOfB = 0] = B.shape;
  expectShape(`${op} B`, B.shape, [Math.max(rowsOfB, M), R]);
  const end = Math.max(offsetB + M, offsetD + R);
  const aligned = [offsetB, offsetD].every((offset) => offset >= 0 && offset % 4 === 0);
  if (B.dtype !== 'f32' || lambda.shape.length !== 1 || !aligned || end > (lambda.shape[0] ?? 0)) {
    throw new WebVeraError(
      'invalid_argument',
      `${op}: expected B in f32 and a pool of at least ${end} elements with offsets that are multiples of 4, got ` +
        `${B.dtype} and a pool of ${formatShape(lambda.shape)} with offsets ${offsetB} and ${offsetD}`,
    );
  }
  return { N, M, R };
}
