import { expect, test } from 'vitest';
import { Graph } from '../../../src/graph/graph';
import type { Value } from '../../../src/graph/value';
import { scaleColumns } from '../../../src/ops/norms/scale_columns';
import { expectGpuEqualsReference, input, runOnGpu } from '../../helpers/gpu/on_gpu';
import { randomArray } from '../../helpers/maths/random';
import type { Memory } from '../../reference/runner';

const shapes = [
  { N: 1, C: 1 },
  { N: 5, C: 123 },
  { N: 67, C: 768 },
];
const cases = ['default', 'serial'].flatMap((variant) => shapes.map((shape) => ({ variant, ...shape })));

test.each(cases)('scale_columns $variant N=$N C=$C', async ({ variant, N, C }) => {
  const memory: Memory = new Map();
  const size = 4 + Math.ceil(C / 4) * 4;
  const given = (name: string, seed: number): Value => input(memory, name, [N, C], randomArray(N * C, seed));
  const [x, dy, residual, earlier] = [given('x', 1), given('dy', 2), given('residual', 3), given('earlier', 4)];
  const pool = input(memory, 'pool', [size], randomArray(size, 5));
  const grads = input(memory, 'grads', [size], randomArray(size, 6));
  memory.get(pool)![4] = 0;
  const g = new Graph();
  for (const value of [x, pool]) g.train(value);
  const y = scaleColumns(g, x, { pool, offset: 4 }, residual);
  const into = new Map([
    [x, earlier],
    [pool, grads],
  ]);
  const dx = g.grad(y, dy, into).get(x) as Value;
  // One product and a sum of N terms in f32 have errors of a few ULP.
  await expectGpuEqualsReference(g, memory, [y, dx, grads], 2e-6, { variant });
});

test.each([1, 8, 9])('scale_columns C=%d: the input trains alone, or the vector does', async (C) => {
  const memory: Memory = new Map();
  const [x, dy] = [1, 2].map((seed) => input(memory, `input ${seed}`, [3, C], randomArray(3 * C, seed)));
  const pool = input(memory, 'pool', [16], randomArray(16, 3));
  const grads = input(memory, 'grads', [16], randomArray(16, 4));
  for (const trained of [x!, pool]) {
    const g = new Graph();
    g.train(trained);
    const y = scaleColumns(g, x!, { pool, offset: 4 });
    const gradient = g.grad(y, dy!, new Map([[pool, grads]])).get(trained) as Value;
    await expectGpuEqualsReference(g, memory, [y, gradient], 2e-6);
  }
});

test('scale_columns: a vector of ones gives the bits of x', async () => {
  const memory: Memory = new Map();
  const x = input(memory, 'x', [3, 8], Float64Array.from(randomArray(24, 1), Math.fround));
  const pool = input(memory, 'pool', [8], new Float64Array(8).fill(1));
  const g = new Graph();
  const y = scaleColumns(g, x, { pool, offset: 0 });
  expect((await runOnGpu(g.steps, memory, [y])).get(y)).toEqual(memory.get(x));
});
