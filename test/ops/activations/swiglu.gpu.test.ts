import { test } from 'vitest';
import { Graph } from '../../../src/graph/graph';
import { swiglu } from '../../../src/ops/activations/swiglu';
import { expectGpuEqualsReference, input } from '../../helpers/gpu/on_gpu';
import { randomArray } from '../../helpers/maths/random';
import type { Memory } from '../../reference/runner';

test.each([
  { N: 1, F: 1, scale: 1 },
  { N: 5, F: 123, scale: 8 },
  { N: 64, F: 1536, scale: 4 },
  // e^200 overflows f32.
  { N: 2, F: 9, scale: 200 },
])('swiglu N=$N F=$F scale=$scale', async ({ N, F, scale }) => {
  const memory: Memory = new Map();
  const values = (name: string, seed: number, by = 1) => input(memory, name, [N, F], randomArray(N * F, seed, by));
  const gate = values('gate', 1, scale);
  const up = values('up', 2);
  const g = new Graph();
  g.train(gate);
  g.train(up);
  const y = swiglu(g, gate, up);
  const gradients = g.grad(y, values('dy', 3), new Map([[gate, values('earlier', 4)]]));
  // WGSL's exp(x) has an error of 3 + 2|x| ULP, which matters up to |x| = 8 and hardly beyond.
  await expectGpuEqualsReference(g, memory, [y, ...gradients.values()], 2e-6);
});
