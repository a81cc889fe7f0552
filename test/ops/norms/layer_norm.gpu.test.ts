import { test } from 'vitest';
import { Graph } from '../../../src/graph/graph';
import { type Value, viewOf } from '../../../src/graph/value';
import { layerNorm } from '../../../src/ops/norms/layer_norm';
import { expectGpuEqualsReference, input } from '../../helpers/gpu/on_gpu';
import { randomArray } from '../../helpers/maths/random';
import type { Memory } from '../../reference/runner';

const shapes = [
  { N: 1, C: 1, mean: 0 },
  { N: 5, C: 123, mean: 0 },
  { N: 67, C: 768, mean: 0 },
  { N: 5, C: 124, mean: 0, hasBias: false },
  // A variance computed from the sum of squares would be inaccurate here, because it is only 1/3 and the mean square 64².
  { N: 5, C: 123, mean: 64 },
];
const cases = ['default', 'serial'].flatMap((variant) => shapes.map((shape) => ({ variant, ...shape })));

test.each(cases)(
  'layer_norm $variant N=$N C=$C mean=$mean $hasBias',
  async ({ variant, N, C, mean, hasBias = true }) => {
    const memory: Memory = new Map();
    const values = (name: string, shape: readonly number[], seed: number) =>
      input(
        memory,
        name,
        shape,
        randomArray(
          shape.reduce((a, b) => a * b),
          seed,
        ),
      );
    const x = input(
      memory,
      'x',
      [N, C],
      randomArray(N * C, 1).map((v) => Math.fround(v + mean)),
    );
    const weight = values('weight', [C], 2);
    const bias = hasBias ? values('bias', [C], 3) : undefined;
    const dy = values('dy', [N, C], 4);
    const earlier = values('earlier', [N, C], 5);
    // The gradients of all trained tensors accumulate in one buffer, the pool.
    const pool = values('pool', [1024 + C], 6);
    const dweight = viewOf(pool, 'dweight', [C], 0);
    const dbias = viewOf(pool, 'dbias', [C], 1024);
    const g = new Graph();
    for (const value of [x, weight, bias]) if (value) g.train(value);
    const y = layerNorm(g, x, weight, bias, 1e-5);
    const into = new Map([[x, earlier], [weight, dweight], ...(bias ? [[bias, dbias] as const] : [])]);
    const dx = g.grad(y, dy, into).get(x);
    // Reductions of C and N terms in f32 have errors of a few ULP; with a large mean, of a few ULP of the mean.
    const tolerance = mean === 0 ? 3e-6 : 3e-5;
    await expectGpuEqualsReference(g, memory, [y, dx as Value, pool], tolerance, { variant });
  },
);
