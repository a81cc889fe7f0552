import { ceilDiv } from '../../core/numbers/shape';
import type { Graph } from '../../graph/graph';
import type { Value } from '../../graph/value';
import { PartialSums, type SummedVector } from '../partial_sums';
import { TILE } from '../products/tiles';
import { expectPlaced } from '../rows/pool_vector';
import { shaderKernel } from '../shader_kernel';

/** The settings of a matrix product whose tiles are reduced to partial sums of λ's gradients, instead of being stored. */
export const makesPartialSums = {
  libs: ['lambda_partials'],
  epilogue: {
    workgroup: 'lambda_sums_workgroup',
    small: 'lambda_sums_small',
    subgroup: 'lambda_sums_subgroup',
  },
};

/** The number of partial sums that a tile computes for each of its rows, and for each of its columns. */
const QUARTERS = 4;

export const veraLambdaReduce = shaderKernel({
  name: 'vera_lambda_reduce',
  bindings: { partials: 'read', vectors: 'read', grads: 'update' },
  params: { count: 'size', longest: 'size', size: 'size' },
  variants: [{ wgsl: ['vera_lambda_reduce'], workgroups: ({ count, longest }) => [ceilDiv(longest, 64), count] }],
  flops: ({ size }) => size,
});

/** The offsets of λ_b (out) and λ_d (R) in the pool, in elements: multiples of 4. */
export interface LambdaPlace {
  readonly offsetB: number;
  readonly offsetD: number;
}

/** Throws `invalid_argument` unless the pool contains both vectors of a layer with `out` outputs and rank R. */
export function expectLambda(
  op: string,
  pool: Value,
  { offsetB, offsetD }: LambdaPlace,
  { out, R }: { readonly out: number; readonly R: number },
): void {
  expectPlaced(op, { pool, offset: offsetB }, out);
  expectPlaced(op, { pool, offset: offsetD }, R);
}

/**
 * Returns the vectors λ_b (`out` elements) and λ_d (R elements) of a layer. Each has the number of partial sums of its gradient that a
 * matrix product computes if its K is split into `slices`.
 */
export function partialSums(
  { offsetB, offsetD }: LambdaPlace,
  { out, R, slices = 1 }: { readonly out: number; readonly R: number; readonly slices?: number },
): readonly [SummedVector, SummedVector] {
  return [
    { length: out, sums: slices * ceilDiv(R, TILE) * QUARTERS, offset: offsetB },
    { length: R, sums: slices * ceilDiv(out, TILE) * QUARTERS, offset: offsetD },
  ];
}

/** Collects the partial sums of λ's gradients. */
export class LambdaSums extends PartialSums {
  constructor(g: Graph) {
    super('vera_lambda', (given, sizes) => g.emit(veraLambdaReduce, given, {}, sizes));
  }
}
