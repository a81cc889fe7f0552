import { test } from 'vitest';
import { Graph } from '../../../src/graph/graph';
import type { Value } from '../../../src/graph/value';
import { silu } from '../../../src/ops/activations/silu';
import { expectGpuEqualsReference, input } from '../../helpers/gpu/on_gpu';
import { randomArray } from '../../helpers/maths/random';
import type { Memory } from '../../reference/runner';

test.each([
  { N: 1, F: 1, scale: 1 },
  { N: 5, F: 123, scale: 8 },
  { N: 64, F: 1536, scale: 4 },
  { N: 5, F: 123, scale: 4, slope: 1.702 },
  // e^200 overflows f32.
  { N: 2, F: 9, scale: 200 },
])('silu N=$N F=$F scale=$scale slope=$slope', async ({ N, F, scale, slope }) => {
  const memory: Memory = new Map();
  const values = (name: string, seed: number, by = 1) => input(memory, name, [N, F], randomArray(N * F, seed, by));
  const x = values('x', 1, scale);
  const g = new Graph();
  g.train(x);
  const y = silu(g, x, slope);
  const dy = values('dy', 2);
  const alone = g.grad(y, dy, new Map()).get(x);
  const added = g.grad(y, dy, new Map([[x, values('earlier', 3)]])).get(x);
  // WGSL's exp(x) has an error of 3 + 2|x| ULP, which matters up to |x| = 8 and hardly beyond.
  await expectGpuEqualsReference(g, memory, [y, alone as Value, added as Value], 2e-6);
});
