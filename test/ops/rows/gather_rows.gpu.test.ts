import { expect, test } from 'vitest';
import { Graph } from '../../../src/graph/graph';
import { pinned } from '../../../src/graph/value';
import { gatherRows, scatterRows } from '../../../src/ops/rows/gather_rows';
import { expectGpuEqualsReference, input, runOnGpu } from '../../helpers/gpu/on_gpu';
import { blockWords } from '../../helpers/gpu/step_block';
import { integerArray } from '../../helpers/maths/random';
import type { Memory } from '../../reference/runner';

test.each([
  { N: 1, C: 1, start: 0, count: 1 },
  { N: 9, C: 5, start: 2, count: 3 },
  { N: 200, C: 576, start: 64, count: 64 },
])('gather_rows N=$N C=$C start=$start count=$count', async ({ N, C, start, count }) => {
  const memory: Memory = new Map();
  const g = new Graph();
  const x = input(memory, 'x', [N, C], integerArray(N * C, 1, 1000));
  const rows = input(memory, 'rows', [N], Float64Array.from({ length: N }, (_, i) => (i * 7 + 3) % N).reverse(), 'u32');
  await expectGpuEqualsReference(g, memory, [gatherRows(g, x, rows, { start, count })], 0);
});

test.each([
  { labelled: 0, written: [0, 0, 0, 0, 0, 0] },
  { labelled: 2, written: [0, 0, 0, 0, 0, 0] },
  { labelled: 4, written: [0, 12, 0, 0, 11, 0] },
  { labelled: 9, written: [13, 12, 0, 0, 11, 0] },
])('scatter_rows leaves padding and other rows alone: $labelled labelled', async ({ labelled, written }) => {
  const memory: Memory = new Map();
  const C = 3;
  const g = new Graph();
  const wide = (numbers: readonly number[]) => Float64Array.from(numbers.flatMap((v) => Array<number>(C).fill(v)));
  const y = input(memory, 'y', [3, C], wide([11, 12, 13]));
  const rows = input(memory, 'rows', [6], Float64Array.of(5, 2, 4, 1, 0, 0), 'u32');
  const block = input(memory, 'block', [8], blockWords({ labelled }), 'u32');
  const x = input(memory, 'x', [6, C], wide([0, 0, 0, 0, 0, 0]));
  scatterRows(g, { y, rows, block, x }, { start: 2, count: 3 });
  const result = await runOnGpu(g.steps, memory, [x]);
  expect(result.get(x)).toEqual(wide(written));
  await expectGpuEqualsReference(g, memory, [x], 0);
});

test('gather_rows refuses a range beyond the list', () => {
  const rows = pinned('rows', [4], 'u32');
  expect(() => gatherRows(new Graph(), pinned('x', [9, 2]), rows, { start: 3, count: 2 })).toThrow(
    'rows: expected at least 5 entries, got 4',
  );
});
