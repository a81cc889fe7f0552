import { expectShape } from '../../core/numbers/shape';
import type { Graph } from '../../graph/graph';
import type { Value } from '../../graph/value';
import { flatKernel } from '../shader_kernel';
import { expectLambda, type LambdaPlace } from './lambda_sums';

export const veraFactorKernel = flatKernel({
  name: 'vera_factor',
  bindings: { B: 'read', lambda: 'read', factor: 'write' },
  params: { M: 'size', R: 'size', lambda_b: 'place', lambda_d: 'place' },
  threads: ({ M, R }) => M * R,
  flops: ({ M, R }) => 2 * M * R,
});

/** Computes λ_b ⊙ B[:out] ⊙ λ_d, (out, R), so that ΔW is the product of this matrix and A. B (≥ out, R) is in f32. Has no gradient. */
export function veraFactor(
  g: Graph,
  { B, lambda, offsetB, offsetD }: LambdaPlace & { readonly B: Value; readonly lambda: Value },
  out: number,
): Value {
  const [rows = 0, R = 0] = B.shape;
  expectShape('vera_factor B', B.shape, [Math.max(rows, out), R]);
  expectLambda('vera_factor', lambda, { offsetB, offsetD }, { out, R });
  const params = { M: out, R, lambda_b: offsetB, lambda_d: offsetD };
  return g.emit(veraFactorKernel, { B, lambda }, { factor: [out, R] }, params).factor;
}
