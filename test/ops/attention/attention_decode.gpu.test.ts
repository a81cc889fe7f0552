import { describe, expect, test } from 'vitest';
import { Graph } from '../../../src/graph/graph';
import { pinned } from '../../../src/graph/value';
import { attention } from '../../../src/ops/attention/attention';
import { attentionDecode } from '../../../src/ops/attention/attention_decode';
import { attentionSpans } from '../../../src/ops/attention/attention_spans';
import { cacheWrite } from '../../../src/ops/attention/cache_write';
import { codeThrownBy } from '../../helpers/bytes/safetensors_bytes';
import { expectGpuEqualsReference, input, runOnGpu } from '../../helpers/gpu/on_gpu';
import { randomArray } from '../../helpers/maths/random';
import type { Memory } from '../../reference/runner';

interface Case {
  readonly S: number;
  readonly H: number;
  readonly Hkv: number;
  readonly D: number;
  /** The position of each row. */
  readonly positions: readonly number[];
}

describe.each(['workgroup', 'serial'])('%s', (variant) => {
  test.each<Case>([
    { S: 1, H: 1, Hkv: 1, D: 4, positions: [0] },
    { S: 5, H: 4, Hkv: 2, D: 8, positions: [0, 3, 4] },
    { S: 33, H: 6, Hkv: 1, D: 6, positions: [32, 7] },
    { S: 300, H: 2, Hkv: 2, D: 64, positions: [255, 256, 299] },
    { S: 123, H: 1, Hkv: 1, D: 130, positions: [122] },
    { S: 9, H: 1, Hkv: 1, D: 516, positions: [8] },
    { S: 9, H: 2, Hkv: 1, D: 32, positions: [8, 9, 1_000_000] },
    { S: 8192, H: 2, Hkv: 1, D: 16, positions: [8191] },
  ])('attention_decode S=$S H=$H/$Hkv D=$D at $positions', async ({ S, H, Hkv, D, positions }) => {
    const memory: Memory = new Map();
    const B = positions.length;
    const u32 = (name: string, values: readonly number[]) => input(memory, name, [B], Float64Array.from(values), 'u32');
    const q = input(memory, 'q', [B, H * D], randomArray(B * H * D, 1, 2));
    const k_cache = input(memory, 'k_cache', [B, S, Hkv * D], randomArray(B * S * Hkv * D, 2, 2));
    const v_cache = input(memory, 'v_cache', [B, S, Hkv * D], randomArray(B * S * Hkv * D, 3));
    const g = new Graph();
    const y = attentionDecode(g, {
      q,
      k_cache,
      v_cache,
      positions: u32('positions', positions),
      H,
      Hkv,
      D,
    });
    // Rounding scores of up to 46 gives weights a relative error, as in attention.gpu.test.ts. The sum averages these errors.
    await expectGpuEqualsReference(g, memory, [y], 1e-5, { variant });
  });
});

test.each([{}, { window: 3 }, { softcap: 0.5 }, { scale: 0.1, softcap: 2, window: 4 }])(
  'decoding token by token equals attention over all of them, %o',
  async (options: { window?: number }) => {
    const [B, T, H, Hkv, D] = [2, 7, 4, 2, 12];
    const memory: Memory = new Map();
    const rows = (name: string, heads: number, seed: number) =>
      input(memory, name, [B * T, heads * D], randomArray(B * T * heads * D, seed));
    const [q, k, v] = [rows('q', H, 1), rows('k', Hkv, 2), rows('v', Hkv, 3)];
    const tokens = new Uint8Array(B * T).fill(1);
    const spans = input(memory, 'spans', [B, T, 2], Float64Array.from(attentionSpans(tokens, T)), 'u32');
    const g = new Graph();
    const together = attention(g, { q, k, v, spans, B, T, H, Hkv, D, ...options });

    const S = options.window ?? T;
    const cache = (name: string) => input(memory, name, [B, S, Hkv * D], new Float64Array(B * S * Hkv * D));
    const [k_cache, v_cache] = [cache('k_cache'), cache('v_cache')];
    const alone = Array.from({ length: T }, (_, t) => {
      const positions = input(memory, `position ${t}`, [B], new Float64Array(B).fill(t), 'u32');
      const token = (name: string, from: typeof q) => {
        const W = from.shape[1] as number;
        const numbers = memory.get(from) as Float64Array;
        const taken = Array.from({ length: B }, (_, b) => [...numbers.subarray((b * T + t) * W, (b * T + t + 1) * W)]);
        return input(memory, `${name} ${t}`, [B, W], Float64Array.from(taken.flat()));
      };
      cacheWrite(g, { k: token('k', k), v: token('v', v), k_cache, v_cache, positions, last: positions, B, T: 1 });
      return attentionDecode(g, { q: token('q', q), k_cache, v_cache, positions, H, Hkv, D, ...options });
    });
    const results = await runOnGpu(g.steps, memory, [together, ...alone]);
    const expected = results.get(together) as Float64Array;
    alone.forEach((y, t) => {
      results.get(y)?.forEach((value, index) => {
        const [b, w] = [Math.floor(index / (H * D)), index % (H * D)];
        // Values are below 1, and the two kernels add them in different orders.
        expect(Math.abs(value - (expected[(b * T + t) * H * D + w] as number))).toBeLessThan(2e-6);
      });
    });
  },
);

test('refuses queries that are no single tokens', () => {
  const cache = pinned('cache', [2, 9, 8]);
  const body = () =>
    attentionDecode(new Graph(), {
      q: pinned('q', [4, 16]),
      k_cache: cache,
      v_cache: cache,
      positions: pinned('positions', [2], 'u32'),
      H: 4,
      Hkv: 2,
      D: 4,
    });
  expect(codeThrownBy(body)).toBe('invalid_argument');
});
