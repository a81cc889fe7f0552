import { WebVeraError } from '../../core/errors/error';
import { ceilDiv, numel } from '../../core/numbers/shape';
import type { Graph, PassEnd, Sink } from '../../graph/graph';
import { constant, growing, type Value } from '../../graph/value';
import { accumulatedIn } from '../rows/column_sum';
import { shaderKernel } from '../shader_kernel';
import type { MixedVector } from './mixed_pools';

export const mixedSumsKernel = shaderKernel({
  name: 'mixed_sums',
  bindings: { partials: 'read', vectors: 'read', which: 'read', scales: 'read', grads: 'update' },
  params: { count: 'size', longest: 'size', rows: 'size', stride: 'u32', size: 'size' },
  variants: [{ wgsl: ['mixed_sums'], workgroups: ({ count, longest }) => [ceilDiv(longest, 64), count] }],
  flops: ({ size }) => size,
});

/** The number of tokens of a batch row that one thread sums. */
export const SLICE = 64;

/** The largest number of partial sums held at a time: 32 MiB. */
const MOST = 2 ** 23;

/** The partial sums of one vector's gradient, (rows · slices, length), from the offset `at` on. */
interface MixedPart {
  readonly at: number;
  readonly length: number;
  readonly slices: number;
  readonly offset: number;
}

/** The partial sums that will be added to one gradient buffer. */
interface OpenMixedSums extends Pick<MixedVector, 'which' | 'scales'> {
  readonly partials: ReturnType<typeof growing>;
  readonly vectors: MixedPart[];
  size: number;
}

/**
 * Collects the partial sums of vectors' gradients in a backward pass. At the end of the pass, one dispatch for each gradient buffer adds
 * them up for all adapters.
 */
export class MixedSums implements PassEnd {
  readonly #g: Graph;
  readonly #open = new Map<Value, OpenMixedSums>();

  constructor(g: Graph) {
    this.#g = g;
  }

  /**
   * Reserves space in one value for the partial sums of several vectors' gradients. The vectors must have the same length and the same
   * table, and must not overlap. Returns that value, the offset of each vector's partial sums in it, and the buffer in which the gradients
   * accumulate.
   */
  take(
    vectors: readonly MixedVector[],
    sink: Sink,
    { length, rows }: { readonly length: number; readonly rows: number },
  ): { readonly partials: Value; readonly at: readonly number[]; readonly grads: Value } {
    const [first] = vectors;
    if (first === undefined) throw new WebVeraError('internal', 'Expected vectors whose gradients are summed');
    const { table, which, scales, T } = first;
    const grads = accumulatedIn(sink, table);
    const slices = ceilDiv(T, SLICE);
    const count = rows * slices * length;
    const before = this.#open.get(grads);
    // One dispatch can't add twice to the same element. So if a vector overlaps an earlier one, the earlier partial sums are added up
    // first.
    const again = before?.vectors.some((one) =>
      vectors.some(({ offset }) => offset < one.offset + one.length && one.offset < offset + length),
    );
    if (before !== undefined && (again || before.size + vectors.length * count > MOST)) this.#close(grads, before);
    const open = this.#open.get(grads) ?? { partials: growing('mixed.partials'), vectors: [], which, scales, size: 0 };
    this.#open.set(grads, open);
    const placed = vectors.map(({ offset }) => ({ at: open.partials.take(count), length, slices, offset }));
    open.vectors.push(...placed);
    open.size += placed.length * count;
    return { partials: open.partials.value, at: placed.map(({ at }) => at), grads };
  }

  finish(): void {
    for (const [grads, open] of this.#open) this.#close(grads, open);
  }

  #close(grads: Value, { partials, vectors, which, scales, size }: OpenMixedSums): void {
    this.#open.delete(grads);
    const content = Uint32Array.from(vectors.flatMap(({ at, length, slices, offset }) => [at, length, slices, offset]));
    const table = constant('mixed.vectors', [vectors.length, 4], content);
    const longest = vectors.reduce((max, { length }) => Math.max(max, length), 0);
    const [, stride = 0] = grads.shape;
    const given = { partials: partials.value, vectors: table, which, scales, grads };
    const sizes = { count: vectors.length, longest, rows: numel(which.shape), stride, size };
    this.#g.emit(mixedSumsKernel, given, {}, sizes);
  }
}
