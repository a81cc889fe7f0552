import type { PassEnd } from '../graph/graph';
import { constant, growing, type Value } from '../graph/value';

/** A trained vector whose gradient is the sum of partial sums. */
export interface SummedVector {
  readonly length: number;
  /** The number of partial sums of each element. */
  readonly sums: number;
  /** The number of batch rows, each of which adds `sums` partial sums to each element. Default: 1. */
  readonly rows?: number;
  /** The offset of the vector in the pool. */
  readonly offset: number;
}

interface PlacedVector extends SummedVector {
  /** The offset of the vector's partial sums, which are (rows · sums, length). */
  readonly at: number;
}

/** The partial sums that will be added to one gradient buffer. */
interface OpenSums<Beside> {
  readonly partials: ReturnType<typeof growing>;
  readonly vectors: PlacedVector[];
  readonly beside: Beside;
  size: number;
}

/** The largest number of partial sums held at a time: 32 MiB. */
const MOST = 2 ** 23;

/** Emits the dispatch that adds partial sums to `grads`. `vectors`: (count), each (at, length, sums, offset). */
type EmitSums<Beside> = (
  given: { readonly partials: Value; readonly vectors: Value; readonly grads: Value },
  sizes: { readonly count: number; readonly longest: number; readonly size: number },
  beside: Beside,
) => void;

/**
 * Collects the partial sums of vectors' gradients in a backward pass. At the end of the pass, one dispatch for each gradient buffer adds
 * them up. `Beside`: the other values that this dispatch needs.
 */
export class PartialSums<Beside = void> implements PassEnd {
  readonly #name: string;
  readonly #emit: EmitSums<Beside>;
  readonly #open = new Map<Value, OpenSums<Beside>>();

  constructor(name: string, emit: EmitSums<Beside>) {
    this.#name = name;
    this.#emit = emit;
  }

  /**
   * Reserves space for the partial sums of some vectors, which must not overlap. Returns the value that holds them, and the offset of each
   * vector's partial sums.
   */
  take(
    grads: Value,
    vectors: readonly SummedVector[],
    beside: Beside,
  ): { readonly partials: Value; readonly at: readonly number[] } {
    const count = vectors.reduce((sum, vector) => sum + sizeOf(vector), 0);
    const before = this.#open.get(grads);
    // One dispatch can't add twice to the same element. So if a vector overlaps an earlier one, the earlier partial sums are added up
    // first.
    const again = before?.vectors.some((placed) => vectors.some((vector) => overlap(placed, vector)));
    if (before !== undefined && (again || before.size + count > MOST)) this.#close(grads, before);
    const open = this.#open.get(grads) ?? { partials: growing(`${this.#name}.partials`), vectors: [], beside, size: 0 };
    this.#open.set(grads, open);
    const placed = vectors.map((vector) => ({ ...vector, at: open.partials.take(sizeOf(vector)) }));
    open.vectors.push(...placed);
    open.size += count;
    return { partials: open.partials.value, at: placed.map(({ at }) => at) };
  }

  finish(): void {
    for (const [grads, open] of this.#open) this.#close(grads, open);
  }

  #close(grads: Value, { partials, vectors, beside, size }: OpenSums<Beside>): void {
    this.#open.delete(grads);
    const content = Uint32Array.from(vectors.flatMap(({ at, length, sums, offset }) => [at, length, sums, offset]));
    const table = constant(`${this.#name}.vectors`, [vectors.length, 4], content);
    const longest = vectors.reduce((max, { length }) => Math.max(max, length), 0);
    this.#emit({ partials: partials.value, vectors: table, grads }, { count: vectors.length, longest, size }, beside);
  }
}

function sizeOf({ length, sums, rows = 1 }: SummedVector): number {
  return rows * sums * length;
}

/** Whether two vectors share elements of the pool. */
export function overlap(a: SummedVector, b: SummedVector): boolean {
  return a.offset < b.offset + b.length && b.offset < a.offset + a.length;
}
