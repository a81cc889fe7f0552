import { expect, test } from 'vitest';
import { storages } from '../../../src/core/numbers/storage';
import { Graph } from '../../../src/graph/graph';
import { widen } from '../../../src/ops/rows/widen';
import { expectGpuEqualsReference, input, runOnGpu } from '../../helpers/gpu/on_gpu';
import { randomArray, storableArray } from '../../helpers/maths/random';
import type { Memory } from '../../reference/runner';

test.each(Object.keys(storages) as (keyof typeof storages)[])('widen: %s as f32, to the bit', async (dtype) => {
  const shape = [5, 96];
  const storage = storages[dtype];
  const numbers = Float32Array.from(randomArray(480, 1, 0.02));
  const random = Float64Array.from(storage.decode(storage.encode(numbers, shape).buffer, shape));
  for (const stored of [random, storableArray(480, 2, dtype)]) {
    const memory: Memory = new Map();
    const matrix = input(memory, 'matrix', shape, stored, dtype);
    const into = input(memory, 'into', shape, new Float64Array(480).fill(Number.NaN));
    const g = new Graph();
    widen(g, matrix, into);
    await expectGpuEqualsReference(g, memory, [into], 0);
    expect((await runOnGpu(g.steps, memory, [into])).get(into)).toEqual(stored);
  }
});
