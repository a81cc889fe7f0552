import { test } from 'vitest';
import { Graph } from '../../../src/graph/graph';
import type { Value } from '../../../src/graph/value';
import { prependRows } from '../../../src/ops/rows/prepend_rows';
import { expectGpuEqualsReference, input } from '../../helpers/gpu/on_gpu';
import { integerArray } from '../../helpers/maths/random';
import type { Memory } from '../../reference/runner';

const sizes = [
  { B: 1, T: 1, C: 1, R: 1 },
  { B: 3, T: 5, C: 7, R: 1 },
  { B: 2, T: 4, C: 12, R: 1 },
  { B: 2, T: 5, C: 7, R: 3 },
  { B: 4, T: 196, C: 192, R: 4 },
];
const cases = ['chosen', 'default', 'serial'].flatMap((variant) => sizes.map((size) => ({ variant, ...size })));

test.each(cases)('prepend_rows $variant B=$B T=$T C=$C R=$R', async ({ variant, B, T, C, R }) => {
  const memory: Memory = new Map();
  const values = (name: string, rows: number, seed: number) =>
    input(memory, name, [rows, C], integerArray(rows * C, seed));
  const [x, row, drow] = [values('x', B * T, 1), values('row', R, 2), values('drow', R, 3)];
  const g = new Graph();
  g.train(x);
  g.train(row);
  const y = prependRows(g, x, row, B);
  const dy = values('dy', B * (R + T), 4);
  const gradients = (earlier: readonly [Value, Value][]) => g.grad(y, dy, new Map([[row, drow], ...earlier]));
  const alone = gradients([]).get(x)!;
  const added = gradients([[x, values('earlier', B * T, 5)]]).get(x)!;
  await expectGpuEqualsReference(g, memory, [y, alone, added, drow], 0, { variant });
});
