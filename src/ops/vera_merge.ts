import veraMergeWgsl from '../../shaders/vera_merge.wgsl?raw';
import { WebVeraError } from '../core/error';
import { expectShape, formatShape } from '../core/shape';
import type { Graph } from '../graph/graph';
import type { Value } from '../graph/value';
import { defineProduct, linesOf, rightStorage } from './gemm';

export const veraMergeKernel = defineProduct({
  name: 'vera_merge',
  bindings: { weight: 'read', A: 'read', B: 'read', lambda: 'read', into: 'update' },
  params: {
    M: 'u32',
    K: 'u32',
    R: 'u32',
    stride: 'u32',
    offset_b: 'u32',
    offset_d: 'u32',
    half: 'u32',
    has_weight: 'u32',
  },
  wgsl: veraMergeWgsl,
  left: 'rows',
  right: 'own',
  addend: true,
  size: ({ M, K, R }) => [M, K, R],
});

/** One adapter's change of one weight (out, in). */
export interface VeraMerge {
  /** (out, in), f32 or f16, with rows of any length; left out for the change alone. */
  readonly weight?: Value | undefined;
  /** (R, ≥ in), f32. */
  readonly A: Value;
  /** (≥ out, R), f32. */
  readonly B: Value;
  /** The pool of trained vectors, one-dimensional. */
  readonly lambda: Value;
  /** Where λ_b (out) begins in the pool: an element, a multiple of 4. */
  readonly offsetB: number;
  /** Where λ_d (R) begins in the pool: an element, a multiple of 4. */
  readonly offsetD: number;
  /** The weight's inputs: so many columns of A count. */
  readonly K: number;
}

/**
 * into = weight + λ_b ⊙ B[:out]·(λ_d ⊙ A[:, :K]): into (out, K) is a pinned f32 value other than the weight, and what
 * it held before counts for nothing. There is no gradient.
 */
export function veraMerge(g: Graph, { weight, A, B, lambda, offsetB, offsetD, K }: VeraMerge, into: Value): void {
  const [M = 0] = into.shape;
  const [R = 0, stride = 0] = A.shape;
  expectShape('vera_merge into', into.shape, [M, K]);
  if (weight !== undefined) expectShape('vera_merge weight', weight.shape, [M, K]);
  expectShape('vera_merge A', A.shape, [R, Math.max(stride, K)]);
  expectShape('vera_merge B', B.shape, [Math.max(B.shape[0] ?? 0, M), R]);
  const end = Math.max(offsetB + M, offsetD + R);
  const aligned = [offsetB, offsetD].every((offset) => offset >= 0 && offset % 4 === 0);
  if (lambda.shape.length !== 1 || !aligned || end > (lambda.shape[0] ?? 0)) {
    throw new WebVeraError(
      'invalid_argument',
      `vera_merge: expected a pool of at least ${end} elements with offsets that are multiples of 4, got a pool of ` +
        `${formatShape(lambda.shape)} with offsets ${offsetB} and ${offsetD}`,
    );
  }
  if ([A, B, into].some(({ dtype }) => dtype !== 'f32')) {
    throw new WebVeraError(
      'invalid_argument',
      `vera_merge: expected A, B and the result in f32, got ${A.dtype}, ${B.dtype} and ${into.dtype}`,
    );
  }
  const kernel = veraMergeKernel[linesOf([R], K)][rightStorage(A)];
  const half = Number(weight?.dtype === 'f16');
  const has_weight = Number(weight !== undefined);
  const params = { M, K, R, stride, offset_b: offsetB, offset_d: offsetD, half, has_weight };
  g.emit(kernel, { weight: weight ?? B, A, B, lambda, into }, {}, params);
}
