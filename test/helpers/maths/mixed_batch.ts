import type { Graph } from '../../../src/graph/graph';
import { pinned, type Value } from '../../../src/graph/value';
import { copyInto } from '../../../src/ops/copy';
import { NO_SLOT } from '../../../src/ops/mixed/mixed_table';
import type { Memory } from '../../reference/runner';
import { input } from '../gpu/on_gpu';
import type { Fill } from './random';

export interface MixedSizes {
  readonly M: number;
  readonly R: number;
  readonly T: number;
  /** The adapter of each batch row: 0 to 2; any other number means no adapter. Adapter 1 doesn't change `MODULE`. */
  readonly which: readonly number[];
}

/** The index of the tested module; there are two modules. */
export const MODULE = 1;

/** Builds a batch whose rows use three adapters. Their trained vectors have different layouts, and are copied into one table. */
export function mixedBatch(g: Graph, memory: Memory, { M, R, T, which }: MixedSizes, fill: Fill) {
  const N = which.length * T;
  const [spaceB, spaceD] = [M, R].map((size) => Math.ceil(size / 4) * 4) as [number, number];
  const layouts = [
    { offsetB: 0, offsetD: spaceB },
    { offsetB: NO_SLOT, offsetD: NO_SLOT },
    { offsetB: spaceD + 8, offsetD: 4 },
  ];
  const size = spaceB + spaceD + 8;
  const pools = layouts.map((_, a) => input(memory, `pool ${a}`, [size], fill(size, 10 + a)));
  const table = pinned('table', [pools.length * size]);
  pools.forEach((pool, a) => {
    copyInto(g, pool, table, a * size);
  });
  const offsets = layouts.flatMap(({ offsetB, offsetD }, a) =>
    [offsetB, offsetD].map((offset) => (offset === NO_SLOT ? NO_SLOT : a * size + offset)),
  );
  // The vectors' offsets in the table, for both modules. They differ, so a kernel that reads the wrong module's gives wrong results.
  const slots = [...offsets.map((_, i) => 4 * i), ...offsets];
  return {
    y: input(memory, 'y', [N, M], fill(N * M, 1)),
    u: input(memory, 'u', [N, R], fill(N * R, 2)),
    B: input(memory, 'B', [M + 1, R], fill((M + 1) * R, 3)),
    table: table as Value,
    slots: input(memory, 'slots', [2, pools.length, 2], Float64Array.from(slots), 'u32'),
    which: input(memory, 'which', [which.length], Float64Array.from(which), 'u32'),
    pools,
    layouts,
  };
}
