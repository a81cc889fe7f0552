import { expect, test } from 'vitest';
import { Graph } from '../../../src/graph/graph';
import { pinned } from '../../../src/graph/value';
import { cacheWrite } from '../../../src/ops/attention/cache_write';
import { codeThrownBy } from '../../helpers/bytes/safetensors_bytes';
import { expectGpuEqualsReference, input } from '../../helpers/gpu/on_gpu';
import { randomArray } from '../../helpers/maths/random';
import type { Memory } from '../../reference/runner';

test.each([
  { B: 1, T: 1, S: 1, W: 1, positions: [0], last: [0] },
  { B: 2, T: 3, S: 5, W: 6, positions: [4, 0, 2, 1, 2, 3], last: [4, 3] },
  { B: 2, T: 2, S: 4, W: 8, positions: [2, 3, 2, 1_000_000], last: [2, 2] },
  { B: 5, T: 1, S: 123, W: 20, positions: [0, 122, 5, 60, 1000], last: [0, 122, 5, 60, 1000] },
  // Row 0 is longer than the cache, which is a ring buffer; row 1 has two tokens and padding.
  { B: 2, T: 6, S: 4, W: 4, positions: [0, 1, 2, 3, 4, 5, 0, 1, 2, 3, 4, 5], last: [5, 1] },
])('cache_write B=$B T=$T S=$S W=$W: exactly those entries change', async ({ B, T, S, W, positions, last }) => {
  const memory: Memory = new Map();
  const k = input(memory, 'k', [B * T, W], randomArray(B * T * W, 1));
  const v = input(memory, 'v', [B * T, W], randomArray(B * T * W, 2));
  const k_cache = input(memory, 'k_cache', [B, S, W], randomArray(B * S * W, 3));
  const v_cache = input(memory, 'v_cache', [B, S, W], randomArray(B * S * W, 4));
  const at = input(memory, 'positions', [B * T], Float64Array.from(positions), 'u32');
  const ends = input(memory, 'last', [B], Float64Array.from(last), 'u32');
  const g = new Graph();
  cacheWrite(g, { k, v, k_cache, v_cache, positions: at, last: ends, B, T });
  await expectGpuEqualsReference(g, memory, [k_cache, v_cache], 0);
});

test.each(['k', 'v', 'k_cache', 'v_cache'])('refuses a %s of another size', (name) => {
  const body = () =>
    cacheWrite(new Graph(), {
      k: pinned('k', [4, 8]),
      v: pinned('v', [4, 8]),
      k_cache: pinned('k_cache', [2, 9, 8]),
      v_cache: pinned('v_cache', [2, 9, 8]),
      positions: pinned('positions', [4], 'u32'),
      last: pinned('last', [2], 'u32'),
      B: 2,
      T: 2,
      [name]: pinned(name, name.length === 1 ? [4, 4] : [2, 9, 4]),
    });
  expect(codeThrownBy(body)).toBe('invalid_argument');
});
