import { describe, expect, test } from 'vitest';
import { cheapestMode, type LayerWork, modeCosts, modulesToMerge, type VeraMode } from '../../src/adapters/modes';

type Shape = readonly [in_features: number, out_features: number, sharers: number];

/** The linear layers of one block, and how many blocks there are. */
const models = {
  'OPT-125M': { blocks: 12, layers: [...qkv(768, 768), [768, 768, 1], [768, 3072, 1], [3072, 768, 1]] },
  'SmolLM2-135M': { blocks: 30, layers: gated(576, 192, 1536) },
  'Qwen2.5-0.5B': { blocks: 24, layers: gated(896, 128, 4864) },
  'Llama-3.2-1B': { blocks: 16, layers: gated(2048, 512, 8192) },
} as const satisfies Record<string, { readonly blocks: number; readonly layers: readonly Shape[] }>;

function qkv(width: number, key: number): readonly [Shape, Shape, Shape] {
  return [
    [width, width, 3],
    [width, key, 3],
    [width, key, 3],
  ];
}

function gated(width: number, key: number, inner: number): readonly Shape[] {
  return [...qkv(width, key), [width, width, 1], [width, inner, 2], [width, inner, 2], [inner, width, 1]];
}

function workOf(
  name: keyof typeof models,
  r: number,
  tokens: number,
  microBatches: number,
): { readonly work: LayerWork[]; readonly blocks: number } {
  const { layers, blocks } = models[name];
  const work = layers.map(([in_features, out_features, sharers]) => ({
    in_features,
    out_features,
    sharers,
    r,
    tokens,
    microBatches,
  }));
  return { work, blocks };
}

describe('what a whole model costs in each mode, in GFLOP', () => {
  test.each([
    ['OPT-125M', 256, 512, 1, 99, 82],
    ['OPT-125M', 256, 1024, 4, 198, 88],
    ['OPT-125M', 1024, 512, 1, 396, 329],
    ['SmolLM2-135M', 256, 512, 1, 174, 121],
    ['SmolLM2-135M', 1024, 1024, 4, 1389, 586],
    ['Qwen2.5-0.5B', 256, 512, 1, 334, 310],
    ['Qwen2.5-0.5B', 256, 1024, 4, 668, 300],
    ['Llama-3.2-1B', 256, 512, 1, 417, 657],
    ['Llama-3.2-1B', 1024, 1024, 4, 3333, 1770],
  ] as const)('%s r %i, %i tokens × %i', (name, r, tokens, microBatches, unmerged, merged) => {
    const { work, blocks } = workOf(name, r, tokens, microBatches);
    const total = (mode: VeraMode): number => blocks * work.reduce((sum, layer) => sum + modeCosts(layer)[mode], 0);
    expect(Math.round(total('unmerged') / 1e9)).toBe(unmerged);
    expect(Math.round(total('merged') / 1e9)).toBe(merged);
  });
});

test('the cheaper one is chosen layer by layer', () => {
  const { work } = workOf('Qwen2.5-0.5B', 256, 512, 1);
  const modes = work.map(cheapestMode);
  expect(new Set(modes)).toEqual(new Set(['unmerged', 'merged']));
  for (const [index, layer] of work.entries()) {
    const { unmerged, merged } = modeCosts(layer);
    expect(modes[index]).toBe(merged < unmerged ? 'merged' : 'unmerged');
  }
});

test('more tokens and more micro-batches speak for merging, wide layers against it', () => {
  const layer = { in_features: 2048, out_features: 2048, r: 256, sharers: 1, tokens: 256, microBatches: 1 };
  expect(cheapestMode(layer)).toBe('unmerged');
  expect(cheapestMode({ ...layer, tokens: 1024 })).toBe('merged');
  expect(cheapestMode({ ...layer, microBatches: 4 })).toBe('merged');
  expect(cheapestMode({ ...layer, tokens: 1024, in_features: 16384, out_features: 16384 })).toBe('unmerged');
});

describe('modules to merge', () => {
  const slot = (in_features: number, out_features: number) => ({ in_features, out_features, offsetB: 0, offsetD: 0 });
  const slots = new Map([
    ['layers.0.attn.q', slot(64, 64)],
    ['layers.0.attn.k', slot(64, 32)],
    ['layers.0.mlp.up', slot(64, 256)],
    ['layers.0.mlp.down', slot(2048, 2048)],
  ]);
  const work = { r: 64, tokens: 256, microBatches: 1 };

  test('are those that are cheaper merged, the best for their memory first', () => {
    const all = modulesToMerge(slots, { ...work, bytes: 1e9 });
    // down is wide, and its few tokens don't pay.
    expect(new Set(all)).toEqual(new Set(['layers.0.attn.q', 'layers.0.attn.k', 'layers.0.mlp.up']));
    const { unmerged, merged } = modeCosts({ ...work, in_features: 2048, out_features: 2048, sharers: 1 });
    expect(merged).toBeGreaterThan(unmerged);
    expect(modulesToMerge(slots, { ...work, bytes: 4 * 64 * 32 })).toEqual(['layers.0.attn.k']);
    expect(modulesToMerge(slots, { ...work, bytes: 0 })).toEqual([]);
  });

  test('a module that is too large leaves its place to smaller ones', () => {
    const chosen = modulesToMerge(slots, { ...work, bytes: 4 * 64 * (64 + 32) });
    expect(new Set(chosen)).toEqual(new Set(['layers.0.attn.q', 'layers.0.attn.k']));
  });
});
