import { WebVeraError } from '../../core/errors/error';
import { expectShape } from '../../core/numbers/shape';
import type { Graph, Sink } from '../../graph/graph';
import { storageOf, type Value } from '../../graph/value';
import { ADDENDS, linesOf, rightStorage } from '../products/operand_storage';
import { defineProduct } from '../products/product';
import { accumulatedIn } from '../rows/column_sum';
import { widen } from '../rows/widen';
import { checkPool, type LambdaPlace, LambdaSums, makesPartialSums, partialSums } from './lambda_sums';

export const veraMergeKernel = defineProduct({
  name: 'vera_merge',
  bindings: { weight: 'read', A: 'read', B: 'read', lambda: 'read', into: 'update' },
  params: {
    M: 'size',
    K: 'size',
    R: 'size',
    stride: 'u32',
    lambda_b: 'place',
    lambda_d: 'place',
    half: 'u32',
    has_weight: 'u32',
    onto: 'u32',
  },
  left: 'rows',
  right: 'scaled_columns',
  addend: true,
  size: ({ M, K, R }) => [M, K, R],
});

export const veraMergeBackward = defineProduct({
  name: 'vera_merge_backward',
  bindings: { dw: 'read', A: 'read', B: 'read', lambda: 'read', partials: 'update' },
  params: {
    M: 'size',
    K: 'size',
    R: 'size',
    stride: 'u32',
    lambda_b: 'place',
    lambda_d: 'place',
    partial_b: 'place',
    partial_d: 'place',
  },
  ...makesPartialSums,
  left: 'rows',
  right: 'rows',
  size: ({ M, K, R }) => [M, R, K],
});

/** ΔW of one adapter for one weight (out, in). */
export interface VeraMerge extends LambdaPlace {
  /** (out, in), in any storage. Without it, the result is only ΔW. */
  readonly weight?: Value | undefined;
  /** (R, ≥ in), f32. */
  readonly A: Value;
  /** (≥ out, R), f32. */
  readonly B: Value;
  /** The pool of trained vectors, one-dimensional. */
  readonly lambda: Value;
  /** The weight's inputs: the first K columns of A are used. */
  readonly K: number;
}

/**
 * into = weight + λ_b ⊙ B[:out]·(λ_d ⊙ A[:, :K]): into (out, K) is a pinned f32 value other than the weight, and is overwritten. It has a
 * gradient only if `differentiateMerge` declares it.
 */
export function veraMerge(g: Graph, { weight, A, B, lambda, offsetB, offsetD, K }: VeraMerge, into: Value): void {
  const [M = 0] = into.shape;
  const [R = 0, stride = 0] = A.shape;
  expectShape('vera_merge into', into.shape, [M, K]);
  if (weight !== undefined) expectShape('vera_merge weight', weight.shape, [M, K]);
  expectShape('vera_merge A', A.shape, [R, Math.max(stride, K)]);
  expectShape('vera_merge B', B.shape, [Math.max(B.shape[0] ?? 0, M), R]);
  const pool = checkPool(lambda, { offsetB, offsetD }, { out: M, R });
  if (!pool.fits) {
    throw new WebVeraError('invalid_argument', `vera_merge: expected ${pool.expected}, got ${pool.given}`);
  }
  if ([A, B, into].some(({ dtype }) => dtype !== 'f32')) {
    throw new WebVeraError(
      'invalid_argument',
      `vera_merge: expected A, B and the result in f32, got ${A.dtype}, ${B.dtype} and ${into.dtype}`,
    );
  }
  const kernel = veraMergeKernel.kernel(linesOf([R], K), rightStorage(A));
  const half = weight && ADDENDS[storageOf(weight).name];
  const onto = weight !== undefined && half === undefined;
  // Other storages are widened first. Merging takes too small a part of a step for a kernel per storage.
  if (onto) widen(g, weight, into);
  const how = { half: half ?? 0, has_weight: Number(half !== undefined), onto: Number(onto) };
  const params = { M, K, R, stride, lambda_b: offsetB, lambda_d: offsetD, ...how };
  g.emit(kernel, { weight: weight ?? B, A, B, lambda, into }, {}, params);
}

/** Declares how to compute the pool's gradient from that of `into` (out, K), a pinned f32 value. */
export function differentiateMerge(g: Graph, merge: VeraMerge, into: Value): void {
  g.differentiate(into, [merge.lambda], (dw, [toPool]) => [emitMergeBackward(g, merge, dw, toPool)]);
}

function emitMergeBackward(
  g: Graph,
  { A, B, lambda, K, ...place }: VeraMerge,
  dw: Value,
  sink: Sink,
): Value | undefined {
  if (!sink.wanted) return undefined;
  const grads = accumulatedIn(sink, lambda);
  const [M = 0] = dw.shape;
  const [R = 0, stride = 0] = A.shape;
  expectShape('vera_merge gradient', dw.shape, [M, K]);
  const { partials, at } = g.inPass(LambdaSums).take(grads, partialSums(place, { out: M, R }));
  const [partial_b = 0, partial_d = 0] = at;
  const places = { lambda_b: place.offsetB, lambda_d: place.offsetD, partial_b, partial_d };
  const kernel = veraMergeBackward.kernel(linesOf([K]), rightStorage(A));
  g.emit(kernel, { dw, A, B, lambda, partials }, {}, { M, K, R, stride, ...places });
  return grads;
}
