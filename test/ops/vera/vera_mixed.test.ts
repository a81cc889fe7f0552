import { describe, expect, test } from 'vitest';
import { Graph } from '../../../src/graph/graph';
import { pinned } from '../../../src/graph/value';
import { NO_SLOT } from '../../../src/ops/mixed/mixed_table';
import { veraAdd } from '../../../src/ops/vera/vera';
import { type VeraMixed, veraMixed } from '../../../src/ops/vera/vera_mixed';
import { codeThrownBy } from '../../helpers/bytes/safetensors_bytes';
import { input } from '../../helpers/gpu/on_gpu';
import { type MixedSizes, MODULE, mixedBatch } from '../../helpers/maths/mixed_batch';
import { randomArray } from '../../helpers/maths/random';
import { type Memory, runReference } from '../../reference/runner';

test.each<MixedSizes>([
  { M: 1, R: 1, T: 1, which: [2] },
  { M: 7, R: 6, T: 3, which: [2, 1, 0, NO_SLOT, 3, 0] },
])('each row has the result of its own adapter: M=$M R=$R T=$T $which', ({ M, R, T, which }) => {
  const memory: Memory = new Map();
  const g = new Graph();
  const { y, u, B, table, slots, which: rows, pools, layouts } = mixedBatch(g, memory, { M, R, T, which }, randomArray);
  const z = veraMixed(g, y, { u, B, table, slots, which: rows, place: MODULE, T });
  runReference(g.steps, memory);
  which.forEach((adapter, row) => {
    const part = (of: Float64Array, width: number) => of.slice(row * T * width, (row + 1) * T * width);
    const alone = new Graph();
    const own: Memory = new Map([[B, memory.get(B)!]]);
    const before = input(own, 'y', [T, M], part(memory.get(y)!, M));
    const low = input(own, 'u', [T, R], part(memory.get(u)!, R));
    const [pool, layout] = [pools[adapter], layouts[adapter]];
    let after = before;
    if (pool !== undefined && layout !== undefined && layout.offsetB !== NO_SLOT) {
      own.set(pool, memory.get(pool)!);
      after = veraAdd(alone, before, { u: low, B, lambda: pool, ...layout });
    }
    runReference(alone.steps, own);
    part(memory.get(z)!, M).forEach((v, i) => {
      expect(v, `row ${row} [${i}]`).toBeCloseTo(own.get(after)![i]!, 12);
    });
  });
});

describe('vera_mixed refuses', () => {
  const y = pinned('y', [6, 7]);
  const operands: VeraMixed = {
    u: pinned('u', [6, 5]),
    B: pinned('B', [8, 5]),
    table: pinned('table', [40]),
    slots: pinned('slots', [2, 3, 2], 'u32'),
    which: pinned('which', [3], 'u32'),
    place: 1,
    T: 2,
  };

  test.each<[string, Partial<VeraMixed>, string]>([
    ['another number of rows', { u: pinned('u', [5, 5]) }, 'vera_mixed u: expected (6, 5), got (5, 5)'],
    ['another rank', { B: pinned('B', [8, 4]) }, 'vera_mixed B: expected (8, 5), got (8, 4)'],
    ['too few rows of B', { B: pinned('B', [6, 5]) }, 'vera_mixed B: expected (7, 5), got (6, 5)'],
    ['a table of rows', { table: pinned('table', [4, 10]) }, 'vera_mixed table'],
    ['a module without slots', { place: 2 }, 'vera_mixed slots: expected (3, 3, 2), got (2, 3, 2)'],
    ['one offset a slot', { slots: pinned('slots', [2, 3], 'u32') }, 'vera_mixed slots'],
    ['too few batch rows', { T: 1 }, 'vera_mixed which: expected (6), got (3)'],
    ['rows as numbers', { which: pinned('which', [3]) }, 'expected which in u32, got f32'],
  ])('%s', (_what, changes, message) => {
    const g = new Graph();
    expect(() => veraMixed(g, y, { ...operands, ...changes })).toThrow(message);
    expect(g.steps).toHaveLength(0);
  });

  test.each(['y', 'u', 'B', 'table'] as const)('%s when it trains', (name) => {
    const g = new Graph();
    g.train(name === 'y' ? y : operands[name]);
    expect(codeThrownBy(() => veraMixed(g, y, operands))).toBe('internal');
  });
});
