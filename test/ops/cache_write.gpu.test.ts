import { expect, test } from 'vitest';
import { Graph } from '../../src/graph/graph';
import { pinned } from '../../src/graph/value';
import { cacheWrite } from '../../src/ops/cache_write';
import { expectGpuEqualsReference, input } from '../helpers/on_gpu';
import { randomArray } from '../helpers/random';
import { codeThrownBy } from '../helpers/safetensors_bytes';
import type { Memory } from '../reference/runner';

test.each([
  { B: 1, T: 1, S: 1, W: 1, positions: [0] },
  { B: 2, T: 3, S: 5, W: 6, positions: [4, 0, 2, 1, 2, 3] },
  { B: 2, T: 2, S: 4, W: 8, positions: [3, 4, 2, 1_000_000] },
  { B: 5, T: 1, S: 123, W: 20, positions: [0, 122, 5, 60, 61] },
])('cache_write B=$B T=$T S=$S W=$W: exactly those entries change', async ({ B, T, S, W, positions }) => {
  const memory: Memory = new Map();
  const x = input(memory, 'x', [B * T, W], randomArray(B * T * W, 1));
  const cache = input(memory, 'cache', [B, S, W], randomArray(B * S * W, 2));
  const at = input(memory, 'positions', [B * T], Float64Array.from(positions), 'u32');
  const g = new Graph();
  cacheWrite(g, { x, cache, positions: at, B, T });
  await expectGpuEqualsReference(g, memory, [cache], 0);
});

test('refuses a cache of other rows', () => {
  const body = () =>
    cacheWrite(new Graph(), {
      x: pinned('x', [4, 8]),
      cache: pinned('cache', [2, 9, 4]),
      positions: pinned('positions', [4], 'u32'),
      B: 2,
      T: 2,
    });
  expect(codeThrownBy(body)).toBe('invalid_argument');
});
