import { test } from 'vitest';
import { Graph } from '../../../src/graph/graph';
import type { Value } from '../../../src/graph/value';
import { sliceColumns } from '../../../src/ops/rows/slice_columns';
import { expectGpuEqualsReference, input } from '../../helpers/gpu/on_gpu';
import { integerArray } from '../../helpers/maths/random';
import type { Memory } from '../../reference/runner';

const slices = [
  { N: 1, C: 1, start: 0, count: 1 },
  { N: 5, C: 123, start: 41, count: 41 },
  { N: 5, C: 12, start: 4, count: 4 },
  { N: 5, C: 12, start: 2, count: 8 },
  { N: 67, C: 2304, start: 768, count: 768 },
];
const cases = ['chosen', 'default'].flatMap((variant) => slices.map((slice) => ({ variant, ...slice })));

test.each(cases)('slice_columns $variant N=$N C=$C start=$start count=$count', async (slice) => {
  const { N, C, start, count, variant } = slice;
  const memory: Memory = new Map();
  const values = (name: string, columns: number, seed: number) =>
    input(memory, name, [N, columns], integerArray(N * columns, seed));
  const x = values('x', C, 1);
  const g = new Graph();
  g.train(x);
  const y = sliceColumns(g, x, start, count);
  const dy = values('dy', count, 2);
  const alone = g.grad(y, dy, new Map()).get(x);
  const added = g.grad(y, dy, new Map([[x, values('earlier', C, 3)]])).get(x);
  await expectGpuEqualsReference(g, memory, [y, alone as Value, added as Value], 0, { variant });
});
