import { ceilDiv, formatShape } from '../../core/numbers/shape';
import type { Graph, PassEnd } from '../../graph/graph';
import { constant, growing, type Value } from '../../graph/value';
import { TILE } from '../products/tiles';
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

/** A trained vector whose gradient is the sum of `sums` partial sums. */
export interface LambdaVector {
  readonly length: number;
  readonly sums: number;
  /** The offset of the vector in the pool. */
  readonly offset: number;
}

/** The offsets of λ_b (out) and λ_d (R) in the pool, in elements: multiples of 4. */
export interface LambdaPlace {
  readonly offsetB: number;
  readonly offsetD: number;
}

/**
 * Checks whether the pool has space for both vectors of a layer with `out` outputs and rank R. Also returns two phrases for an error
 * message.
 */
export function checkPool(
  { shape }: Value,
  { offsetB, offsetD }: LambdaPlace,
  { out, R }: { readonly out: number; readonly R: number },
): { readonly fits: boolean; readonly expected: string; readonly given: string } {
  const end = Math.max(offsetB + out, offsetD + R);
  const isAligned = [offsetB, offsetD].every((offset) => offset >= 0 && offset % 4 === 0);
  return {
    fits: shape.length === 1 && isAligned && end <= (shape[0] ?? 0),
    expected: `a pool of at least ${end} elements with offsets that are multiples of 4`,
    given: `a pool of ${formatShape(shape)} with offsets ${offsetB} and ${offsetD}`,
  };
}

/**
 * Returns the vectors λ_b (`out` elements) and λ_d (R elements) of a layer. Each has the number of partial sums of its gradient that a
 * matrix product computes if its K is split into `slices`.
 */
export function partialSums(
  { offsetB, offsetD }: LambdaPlace,
  { out, R, slices = 1 }: { readonly out: number; readonly R: number; readonly slices?: number },
): readonly [LambdaVector, LambdaVector] {
  return [
    { length: out, sums: slices * ceilDiv(R, TILE) * QUARTERS, offset: offsetB },
    { length: R, sums: slices * ceilDiv(out, TILE) * QUARTERS, offset: offsetD },
  ];
}

interface PlacedVector extends LambdaVector {
  /** The offset of the vector's partial sums, which are (sums, length). */
  readonly at: number;
}

/** The partial sums that will be added to one gradient buffer. */
interface OpenSums {
  readonly partials: ReturnType<typeof growing>;
  readonly vectors: PlacedVector[];
  size: number;
}

/** The largest number of partial sums held at a time: 32 MiB. */
const MOST = 2 ** 23;

/** Collects the partial sums of λ's gradients in a backward pass. At the end of the pass, one dispatch for each pool adds them up. */
export class LambdaSums implements PassEnd {
  readonly #g: Graph;
  readonly #open = new Map<Value, OpenSums>();

  constructor(g: Graph) {
    this.#g = g;
  }

  /**
   * Reserves space for the partial sums of some vectors. Returns the value that holds them, and the offset of each vector's partial sums.
   */
  take(grads: Value, vectors: readonly LambdaVector[]): { readonly partials: Value; readonly at: readonly number[] } {
    const count = vectors.reduce((sum, { length, sums }) => sum + length * sums, 0);
    const before = this.#open.get(grads);
    // One dispatch can't add twice to the same element. So if a vector overlaps an earlier one, the earlier partial sums are added up
    // first.
    const again = before?.vectors.some((placed) => vectors.some((vector) => overlap(placed, vector)));
    if (before !== undefined && (again || before.size + count > MOST)) this.#close(grads, before);
    const open = this.#open.get(grads) ?? { partials: growing('vera_lambda.partials'), vectors: [], size: 0 };
    this.#open.set(grads, open);
    const placed = vectors.map((vector) => ({ ...vector, at: open.partials.take(vector.length * vector.sums) }));
    open.vectors.push(...placed);
    open.size += count;
    return { partials: open.partials.value, at: placed.map(({ at }) => at) };
  }

  finish(): void {
    for (const [grads, open] of this.#open) this.#close(grads, open);
  }

  #close(grads: Value, { partials, vectors, size }: OpenSums): void {
    this.#open.delete(grads);
    const content = Uint32Array.from(vectors.flatMap(({ at, length, sums, offset }) => [at, length, sums, offset]));
    const table = constant('vera_lambda.vectors', [vectors.length, 4], content);
    const longest = vectors.reduce((max, { length }) => Math.max(max, length), 0);
    const given = { partials: partials.value, vectors: table, grads };
    this.#g.emit(veraLambdaReduce, given, {}, { count: vectors.length, longest, size });
  }
}

/** Whether two vectors share elements of the pool. */
export function overlap(a: LambdaVector, b: LambdaVector): boolean {
  return a.offset < b.offset + b.length && b.offset < a.offset + a.length;
}
