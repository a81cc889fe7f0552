import { test } from 'vitest';
import { Graph } from '../../src/graph/graph';
import { add } from '../../src/ops/add';
import { zeros } from '../../src/ops/fill';
import { expectGpuEqualsReference, input } from '../helpers/gpu/on_gpu';
import { integerArray } from '../helpers/maths/random';
import { ofRing } from '../helpers/ring';
import type { Memory } from '../reference/runner';

// The largest size needs more than the 32,768 workgroups that `flatGrid` puts in one dimension of the grid.
const sizes = ofRing([1, 5, 123, 64 * 576, 8_400_003], { test: (size) => size < 1_000_000 });
test.each(sizes)('add of %i elements is exact', async (size) => {
  const memory: Memory = new Map();
  const values = (name: string, seed: number) => input(memory, name, [size], integerArray(size, seed, 1000));
  const g = new Graph();
  const a = values('a', 1);
  const b = values('b', 2);
  g.train(a);
  const y = add(g, a, b);
  const da = g.grad(y, values('dy', 3), new Map([[a, values('earlier', 4)]])).get(a);
  await expectGpuEqualsReference(g, memory, da ? [y, da] : [y], 0);
});

test.each([1, 5, 123])('zeros of %i elements', async (size) => {
  const memory: Memory = new Map();
  const g = new Graph();
  const ones = input(memory, 'ones', [size], new Float64Array(size).fill(1));
  const y = add(g, zeros(g, [size]), ones);
  await expectGpuEqualsReference(g, memory, [y], 0);
});
