import type { Graph } from '../../graph/graph';
import { pinned, type Value } from '../../graph/value';
import { copyInto } from '../../ops/copy';
import type { Adapter } from '../adapter';

type Pooled = Pick<Adapter, 'pool' | 'layout'>;

/**
 * One value that holds the pools (all trained values) of several adapters, one after the other, so that a kernel can read a different
 * adapter's parameters for each row of a batch.
 */
export class PoolTable {
  /** f32, one-dimensional, pinned. Each program that uses it has to `fill` it first. */
  readonly value: Value;
  readonly #adapters: readonly Pooled[];
  /** The offset of each adapter's pool; the last entry is the length of the table. */
  readonly #starts: readonly number[];

  constructor(adapters: readonly Pooled[]) {
    this.#adapters = adapters;
    const starts = [0];
    for (const { layout } of adapters) starts.push((starts.at(-1) ?? 0) + layout.length);
    this.#starts = starts;
    this.value = pinned('vectors of all rows', [starts.at(-1) ?? 0]);
  }

  /** Returns where the pool of an adapter (given by its index) begins in the table, in floats. */
  startOf(adapter: number): number {
    return this.#starts[adapter] ?? 0;
  }

  /** Emits copies of the pools into the table, with the values that the pools have when the program runs. */
  fill(g: Graph): void {
    for (const [index, { pool }] of this.#adapters.entries()) copyInto(g, pool, this.value, this.startOf(index));
  }
}
