import { test } from 'vitest';
import { Graph } from '../../../src/graph/graph';
import type { Value } from '../../../src/graph/value';
import { poolRows, type RowPool } from '../../../src/ops/rows/pool_rows';
import { expectGpuEqualsReference, input } from '../../helpers/gpu/on_gpu';
import { integerArray } from '../../helpers/maths/random';
import type { Memory } from '../../reference/runner';

const sizes = [
  { B: 1, T: 1, C: 1 },
  { B: 3, T: 5, C: 7 },
  { B: 4, T: 64, C: 384 },
];
const lists: RowPool[][] = [['sum'], ['max'], ['sum', 'max', 'sum']];
const cases = lists.flatMap((pools) => sizes.map((size) => ({ pools, ...size })));

// Sums of small integers are exact, and so are maxima.
test.each(cases)('pool_rows $pools B=$B T=$T C=$C', async ({ pools, B, T, C }) => {
  const memory: Memory = new Map();
  const values = (name: string, shape: readonly number[], seed: number) =>
    input(
      memory,
      name,
      shape,
      integerArray(
        shape.reduce((product, size) => product * size, 1),
        seed,
      ),
    );
  const x = values('x', [B * T, C], 1);
  const weights = values('weights', [pools.length, B * T], 2);
  const g = new Graph();
  g.train(x);
  const y = poolRows(g, x, weights, { B, T, pools });
  const dy = values('dy', y.shape, 3);
  const alone = g.grad(y, dy, new Map()).get(x);
  const added = g.grad(y, dy, new Map([[x, values('earlier', x.shape, 4)]])).get(x);
  await expectGpuEqualsReference(g, memory, [y, alone as Value, added as Value], 0);
});
