import { FLAT_THREADS } from '../../core/kernels/kernel';
import { ceilDiv, expectShape, rowsAndColumns, type Shape } from '../../core/numbers/shape';
import type { Graph, Sink } from '../../graph/graph';
import type { Value } from '../../graph/value';
import type { SummedVector } from '../partial_sums';
import { linesOf, rightStorage } from '../products/operand_storage';
import { defineProduct } from '../products/product';
import { accumulatedIn } from '../rows/column_sum';
import { shaderKernel } from '../shader_kernel';
import { LambdaSums } from './lambda_sums';
import { checkLowRank, type LowRank } from './low_rank';

export const veraSavedForward = defineProduct({
  name: 'vera_saved',
  bindings: { u: 'read', B: 'read', lambda: 'read', residual: 'read', w: 'write', z: 'write' },
  params: { N: 'size', M: 'size', R: 'size', lambda_b: 'place', lambda_d: 'place', has_residual: 'u32' },
  left: 'rows',
  right: 'scaled_rows',
  libs: ['operands_of_up'],
  factor: true,
  f16: true,
  size: ({ N, M, R }) => [N, M, R],
});

export const veraSavedBackward = defineProduct({
  name: 'vera_saved_backward',
  bindings: { dy: 'read', B: 'read', lambda: 'read', sum: 'read', dv: 'write', du: 'write' },
  params: { N: 'size', M: 'size', R: 'size', lambda_b: 'place', lambda_d: 'place', has_sum: 'u32' },
  left: 'rows',
  right: 'scaled_columns',
  factor: true,
  f16: true,
  size: ({ N, M, R }) => [N, R, M],
});

export const veraSavedSums = shaderKernel({
  name: 'vera_saved_sums',
  bindings: { dy: 'read', w: 'read', dv: 'read', u: 'read', partials: 'update' },
  params: { N: 'size', M: 'size', R: 'size', partial_b: 'place', partial_d: 'place', slice: 'u32' },
  variants: [
    {
      name: 'vec4',
      wgsl: ['vera_saved_sums', 'word_vec4'],
      workgroups: ({ N, M, R, slice }) => [ceilDiv(M + R, 4 * FLAT_THREADS), ceilDiv(N, slice)],
      fits: ({ M, R, partial_b, partial_d }) => [M, R, partial_b, partial_d].every((n) => n % 4 === 0),
    },
    {
      wgsl: ['vera_saved_sums', 'word_scalar'],
      workgroups: ({ N, M, R, slice }) => [ceilDiv(M + R, FLAT_THREADS), ceilDiv(N, slice)],
    },
  ],
  flops: ({ N, M, R }) => 2 * N * (M + R),
});

/** The number of tokens that one thread sums. */
const SLICE = 64;

/** The matrix product B·(λ_d ⊙ u) of a layer, and the sum of the low-rank branch and the residual: both (…, out). */
interface SavedLowRank {
  /** B·(λ_d ⊙ u), held for the backward pass. */
  readonly w: Value;
  /** λ_b ⊙ w + residual. */
  readonly z: Value;
}

/**
 * Computes B·(λ_d ⊙ u) for a layer's result (…, out), and the sum of the low-rank branch and `residual` (…, out), without declaring a
 * gradient.
 */
export function emitSaved(g: Graph, low: LowRank, shape: Shape, residual?: Value): SavedLowRank {
  const { u, B, lambda, offsetB: lambda_b, offsetD: lambda_d } = low;
  const { N, M, R } = checkLowRank('vera_saved', low, shape);
  if (residual !== undefined) expectShape('vera_saved residual', residual.shape, shape);
  const kernel = veraSavedForward.kernel(linesOf([R], M), rightStorage(B));
  const params = { N, M, R, lambda_b, lambda_d, has_residual: Number(residual !== undefined) };
  return g.emit(kernel, { u, B, lambda, residual: residual ?? u }, { w: shape, z: shape }, params);
}

/**
 * Declares the gradients of the low-rank branch λ_b ⊙ w, which is added to the layer's result y, with respect to u and the pool. Unlike
 * `differentiateLowRank`, it needs one matrix product less, because w is held.
 */
export function differentiateSaved(g: Graph, low: LowRank, w: Value, y: Value): void {
  const { u, lambda } = low;
  g.differentiate(y, [u, lambda], (dy, [toU, toPool]) => {
    const { dv, du } = emitSavedBackward(g, low, dy, toU.sum);
    return [toU.wanted ? du : undefined, emitSums(g, { ...low, dy, w, dv }, toPool)];
  });
}

function emitSavedBackward(
  g: Graph,
  { u, B, lambda, offsetB: lambda_b, offsetD: lambda_d }: LowRank,
  dy: Value,
  sum: Value | undefined,
): { readonly dv: Value; readonly du: Value } {
  const { rows: N, columns: M } = rowsAndColumns(dy.shape);
  const { columns: R } = rowsAndColumns(u.shape);
  const kernel = veraSavedBackward.kernel(linesOf([M], R), rightStorage(B));
  const params = { N, M, R, lambda_b, lambda_d, has_sum: Number(sum !== undefined) };
  return g.emit(kernel, { dy, B, lambda, sum: sum ?? dy }, { dv: u.shape, du: u.shape }, params);
}

interface Products extends LowRank {
  readonly dy: Value;
  readonly w: Value;
  readonly dv: Value;
}

/** Emits the gradients of both vectors as partial sums, which are added up at the end of the pass. */
function emitSums(g: Graph, { u, lambda, offsetB, offsetD, dy, w, dv }: Products, sink: Sink): Value | undefined {
  if (!sink.wanted) return undefined;
  const grads = accumulatedIn(sink, lambda);
  const { rows: N, columns: M } = rowsAndColumns(dy.shape);
  const { columns: R } = rowsAndColumns(u.shape);
  const sums = ceilDiv(N, SLICE);
  const vectors: readonly SummedVector[] = [
    { length: M, sums, offset: offsetB },
    { length: R, sums, offset: offsetD },
  ];
  const { partials, at } = g.inPass(LambdaSums).take(grads, vectors);
  const [partial_b = 0, partial_d = 0] = at;
  g.emit(veraSavedSums, { dy, w, dv, u, partials }, {}, { N, M, R, partial_b, partial_d, slice: SLICE });
  return grads;
}
