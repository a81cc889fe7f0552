import type { Graph } from '../../graph/graph';
import { pinned, type Value } from '../../graph/value';
import { copyInto } from '../../ops/copy';
import type { Adapter } from '../adapter';

type Pooled = Pick<Adapter, 'pool' | 'layout'>;

/** The pools of several adapters, one after the other in one value, for kernels that look up each row's own adapter. */
export class PoolTable {
  /** f32, one-dimensional, pinned. A program that uses it fills it first. */
  readonly value: Value;
  readonly #adapters: readonly Pooled[];
  /** The offset of each adapter's pool; the last entry is the table's length. */
  readonly #starts: readonly number[];

  constructor(adapters: readonly Pooled[]) {
    this.#adapters = adapters;
    const starts = [0];
    for (const { layout } of adapters) starts.push((starts.at(-1) ?? 0) + layout.length);
    this.#starts = starts;
    this.value = pinned('vectors of all rows', [starts.at(-1) ?? 0]);
  }

  /** The offset of the pool of the adapter at this index, in floats. */
  startOf(adapter: number): number {
    return this.#starts[adapter] ?? 0;
  }

  /** Emits copies of the pools as they are when the program runs. */
  fill(g: Graph): void {
    for (const [index, { pool }] of this.#adapters.entries()) copyInto(g, pool, this.value, this.startOf(index));
  }
}
