import { flatGrid } from '../../core/kernels/kernel';
import { expectShape, numel } from '../../core/numbers/shape';
import type { Graph } from '../../graph/graph';
import { constant, type Value } from '../../graph/value';
import { MOST_WORKGROUPS } from '../row_variants';
import { accumulatedIn } from '../rows/column_sum';
import { flatKernel, shaderKernel } from '../shader_kernel';

export const uniloraMatrices = flatKernel({
  name: 'unilora_matrices',
  bindings: { vector: 'read', indices: 'read', into: 'update' },
  params: { size: 'size', scale: 'f32', scale_more: 'f32' },
  threads: ({ size }) => size,
  flops: ({ size }) => size,
});

export const uniloraMatricesBackward = shaderKernel({
  name: 'unilora_matrices_backward',
  bindings: { d_into: 'read', uses: 'read', grads: 'update' },
  params: { C: 'size', each: 'u32', scale: 'f32', scale_more: 'f32' },
  variants: [
    {
      wgsl: ['unilora_matrices_backward', 'workgroup_sum'],
      fits: ({ C }) => C <= MOST_WORKGROUPS,
      workgroups: ({ C }) => [C],
    },
    {
      name: 'serial',
      wgsl: ['unilora_matrices_backward_serial', 'flat_index'],
      workgroups: ({ C }) => flatGrid(C),
    },
  ],
  flops: ({ C, each }) => C * each,
});

/** The mapping from a trained vector to a buffer of matrices: each element of the vector occurs at several positions of the buffer. */
export interface SharedEntries {
  /** The number of elements in the vector. */
  readonly length: number;
  /** The number of positions at which each element of the vector occurs. Some elements occur at one more. */
  readonly each: number;
  /**
   * u32: for each position in the buffer, the index of its element in the vector. The high bit is set if this element occurs at `each` + 1
   * positions.
   */
  readonly indices: Value;
  /**
   * Returns a u32 list of all positions, grouped by their index in the vector. The list has three parts: for each index, the start of its
   * group (the first group starts at 0); the end of the last group; the positions. Created at the first call, because only gradients read
   * it.
   */
  uses(): Value;
}

const HIGH_BIT = 0x8000_0000;

/** Returns the number of 32-bit words in the list `uses`, for a vector of `length` elements that fill `entries` positions. */
export function placeWords(length: number, entries: number): number {
  return length + 1 + entries;
}

/**
 * Makes the tables. `places()` gives the positions in the buffer, and `indices` the index in the vector for each of them, in the same
 * order. `size` is the length of the buffer, which may have gaps between those positions.
 */
export function sharedEntries(
  indices: Uint32Array,
  places: () => Iterable<number>,
  { length, size }: { readonly length: number; readonly size: number },
): SharedEntries {
  const entries = indices.length;
  const each = Math.floor(entries / length);
  const counts = new Uint32Array(length);
  for (const index of indices) counts[index] = (counts[index] ?? 0) + 1;
  const table = new Uint32Array(size);
  let at = 0;
  for (const place of places()) {
    const index = indices[at] ?? 0;
    table[place] = (counts[index] ?? 0) > each ? index | HIGH_BIT : index;
    at += 1;
  }
  return tables({ length, each }, table, () => usesOf(table, places(), { counts, entries }));
}

function usesOf(
  table: Uint32Array,
  places: Iterable<number>,
  { counts, entries }: { readonly counts: Uint32Array; readonly entries: number },
): Uint32Array<ArrayBuffer> {
  const { length } = counts;
  const uses = new Uint32Array(placeWords(length, entries));
  for (let index = 0; index < length; index++) uses[index + 1] = (uses[index] ?? 0) + (counts[index] ?? 0);
  const next = uses.slice(0, length);
  for (const place of places) {
    const index = (table[place] ?? 0) & ~HIGH_BIT;
    const use = next[index] ?? 0;
    uses[length + 1 + use] = place;
    next[index] = use + 1;
  }
  return uses;
}

/** Returns the entries of `size` positions of the buffer, from position `at` on, to compute only these, without gradients. */
export function entriesWithin(entries: SharedEntries, at: number, size: number): SharedEntries {
  const content = entries.indices.content?.slice(at, at + size) ?? new Uint32Array(size);
  return { ...entries, indices: constant('unilora.indices', [size], content) };
}

/** Returns tables of the right sizes that contain only zeros. They are used to compute the memory that a program needs. */
export function plannedEntries({
  entries,
  length,
  size,
}: {
  readonly entries: number;
  readonly length: number;
  readonly size: number;
}): SharedEntries {
  const each = Math.floor(entries / length);
  return tables({ length, each }, new Uint32Array(size), () => new Uint32Array(placeWords(length, entries)));
}

function tables(
  counts: Pick<SharedEntries, 'length' | 'each'>,
  indices: Uint32Array<ArrayBuffer>,
  makeUses: () => Uint32Array<ArrayBuffer>,
): SharedEntries {
  let made: Value | undefined;
  return {
    ...counts,
    indices: constant('unilora.indices', [indices.length], indices),
    uses() {
      if (made !== undefined) return made;
      const uses = makeUses();
      made = constant('unilora.uses', [uses.length], uses);
      return made;
    },
  };
}

/**
 * Writes into[i] = vector[index of i] / √(number of times that the index occurs). The vector is at the beginning of the pool, and `into` is
 * an f32 value, either pinned or joined from others. The pool receives gradients if it trains; they accumulate in the buffer passed to
 * `Graph.grad`.
 *
 * Reads or writes two words for each position forward, and two backward, in one dispatch each.
 */
export function emitMatrices(g: Graph, pool: Value, entries: SharedEntries, into: Value): void {
  const { length, each, indices } = entries;
  const size = numel(into.shape);
  expectShape('unilora_matrices into', [size], indices.shape);
  const scales = { scale: each === 0 ? 0 : 1 / Math.sqrt(each), scale_more: 1 / Math.sqrt(each + 1) };
  g.emit(uniloraMatrices, { vector: pool, indices, into }, {}, { size, ...scales });
  g.differentiate(into, [pool], (d_into, [toPool]) => {
    const grads = accumulatedIn(toPool, pool);
    g.emit(uniloraMatricesBackward, { d_into, uses: entries.uses(), grads }, {}, { C: length, each, ...scales });
    return [grads];
  });
}
