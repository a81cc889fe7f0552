import { describe, expect, test } from 'vitest';
import { Graph } from '../../../src/graph/graph';
import { pinned } from '../../../src/graph/value';
import { ropeTable } from '../../../src/models/positions/rope_table';
import { cachedAttention } from '../../../src/ops/attention/rope_attention_decode';
import { expectGpuEqualsReference, input } from '../../helpers/gpu/on_gpu';
import { randomArray } from '../../helpers/maths/random';
import type { Memory } from '../../reference/runner';

interface Case {
  readonly S: number;
  readonly H: number;
  readonly Hkv: number;
  readonly D: number;
  readonly softcap?: number;
  /** The number of elements at the beginning of each head that are rotated. Default: all. */
  readonly R?: number;
  /** The position of each row. */
  readonly positions: readonly number[];
}

/** Builds the attention of a decoding step, with or without rotation. Its results are y and the updated caches. */
function build({ S, H, Hkv, D, R = D, softcap, positions }: Case, isRotated = true) {
  const memory: Memory = new Map();
  const B = positions.length;
  const P = Math.max(...positions) + 1;
  const make = (name: string, shape: readonly number[], seed: number, size = 1) =>
    input(
      memory,
      name,
      shape,
      randomArray(
        shape.reduce((a, b) => a * b, 1),
        seed,
        size,
      ),
    );
  const [q, k] = [make('q', [B, H * D], 1, 2), make('k', [B, Hkv * D], 2, 2)];
  const caches = { k_cache: make('k_cache', [B, S, Hkv * D], 3, 2), v_cache: make('v_cache', [B, S, Hkv * D], 4) };
  const v = make('v', [B, Hkv * D], 5);
  const table = input(memory, 'table', [P, R], Float64Array.from(ropeTable({ type: 'default', theta: 500 }, R, P)));
  const at = input(memory, 'positions', [B], Float64Array.from(positions), 'u32');
  const g = new Graph();
  const heads = { H, Hkv, D, ...(softcap && { softcap }), ...(isRotated && { rotary: { table, positions: at } }) };
  const y = cachedAttention(g, { q, k, v, ...caches, positions: at, ...heads });
  return { g, memory, kernels: g.steps.map(({ kernel }) => kernel.name), wanted: [y, ...Object.values(caches)] };
}

describe.each(['workgroup', 'serial'])('%s', (variant) => {
  test.each<Case>([
    { S: 1, H: 1, Hkv: 1, D: 8, positions: [0] },
    // Positions before, at and after the cache's end. In a full cache, the entry of the new token can be in the middle.
    { S: 5, H: 4, Hkv: 2, D: 8, positions: [0, 3, 4, 5, 7] },
    { S: 33, H: 6, Hkv: 1, D: 24, softcap: 2, positions: [32, 7] },
    { S: 300, H: 2, Hkv: 2, D: 64, positions: [255, 256, 299, 700] },
    { S: 9, H: 3, Hkv: 1, D: 256, positions: [8, 9] },
  ])('rope_attention_decode S=$S H=$H/$Hkv D=$D at $positions', async (sizes) => {
    const { g, memory, kernels, wanted } = build(sizes);
    expect(kernels).toEqual(['rope_attention_decode']);
    // Rounding scores of up to 46 gives weights a relative error, as in attention.gpu.test.ts. The sum averages these errors.
    await expectGpuEqualsReference(g, memory, wanted, 1e-5, { variant });
  });
});

test.each<[string, Case, boolean]>([
  ['heads of a size that threads can not rotate four by four', { S: 3, H: 2, Hkv: 1, D: 12, positions: [1, 3] }, true],
  ['heads too large for a workgroup', { S: 3, H: 2, Hkv: 1, D: 264, positions: [1, 3] }, true],
  ['partly rotated heads', { S: 3, H: 2, Hkv: 1, D: 16, R: 8, positions: [1, 3] }, true],
  ['no rotation', { S: 3, H: 2, Hkv: 1, D: 16, positions: [1, 3] }, false],
])('%s: the cache is written and read in dispatches of their own', async (_, sizes, isRotated) => {
  const { g, memory, kernels, wanted } = build(sizes, isRotated);
  expect(kernels.slice(-2)).toEqual(['cache_write', 'attention_decode']);
  await expectGpuEqualsReference(g, memory, wanted, 1e-5);
});

test('other positions than the rotation had stay apart', () => {
  const g = new Graph();
  const [q, k] = [pinned('q', [1, 16]), pinned('k', [1, 8])];
  const [table, v, cache] = [pinned('table', [9, 8]), pinned('v', [1, 8]), pinned('cache', [1, 9, 8])];
  const positions = (name: string) => pinned(name, [1], 'u32');
  const rotary = { table, positions: positions('of the rotation') };
  const caches = { k_cache: cache, v_cache: pinned('other cache', [1, 9, 8]) };
  cachedAttention(g, { q, k, v, ...caches, positions: positions('of the cache'), H: 2, Hkv: 1, D: 8, rotary });
  expect(g.steps.map(({ kernel }) => kernel.name)).toEqual(['rope', 'cache_write', 'attention_decode']);
});
