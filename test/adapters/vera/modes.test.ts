import { describe, expect, test } from 'vitest';
import { LAYER_MODES, type LayerMode } from '../../../src/adapters/layers/training_layers';
import { chooseModes, type LayerWork, modeCosts, timeOf } from '../../../src/adapters/vera/layers/modes';
import { pinned, type Value } from '../../../src/graph/value';

type Shape = readonly [in_features: number, out_features: number, sharers: number];

/** The number of blocks, and the linear layers of one block. */
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

/** Returns the fastest way to compute these layers, if memory is unlimited. */
function cheapest({ in_features, out_features, sharers, ...work }: LayerWork): LayerMode {
  const names = Array.from({ length: sharers }, (_, index) => `${index}`);
  const inputs = inputsOf([names]);
  const modules = new Map(names.map((name) => [name, { in_features, out_features }]));
  return chooseModes(modules, { ...work, bytes: Number.POSITIVE_INFINITY, inputs }).get('0') ?? 'unmerged';
}

/** Creates one input for each group of modules. */
function inputsOf(groups: readonly (readonly string[])[]): Map<string, Value> {
  return new Map(
    groups.flatMap((names) => {
      const x = pinned('x', [1, 64]);
      return names.map((name) => [name, x] as const);
    }),
  );
}

describe('what a whole model costs in each mode, in GFLOP', () => {
  test.each([
    ['OPT-125M', 256, 512, 1, [99, 77, 82, 174]],
    ['OPT-125M', 256, 1024, 4, [198, 155, 88, 196]],
    ['OPT-125M', 1024, 512, 1, [396, 309, 329, 435]],
    ['OPT-125M', 1024, 1024, 4, [792, 618, 353, 261]],
    ['SmolLM2-135M', 256, 512, 1, [174, 133, 121, 217]],
    ['SmolLM2-135M', 1024, 1024, 4, [1389, 1063, 586, 326]],
    ['Qwen2.5-0.5B', 256, 512, 1, [334, 254, 310, 733]],
    ['Qwen2.5-0.5B', 256, 1024, 4, [668, 509, 300, 824]],
    ['Llama-3.2-1B', 256, 512, 1, [417, 318, 657, 1993]],
    ['Llama-3.2-1B', 1024, 1024, 4, [3333, 2543, 1770, 2989]],
  ] as const)('%s r %i, %i tokens × %i', (name, r, tokens, microBatches, expected) => {
    const { work, blocks } = workOf(name, r, tokens, microBatches);
    const totals = LAYER_MODES.map(
      (mode) => blocks * work.reduce((sum, layer) => sum + modeCosts(layer)[mode].flops, 0),
    );
    expect(totals.map((total) => Math.round(total / 1e9))).toEqual(expected);
  });
});

test('each layer gets the mode that takes least, counting what is read and written too', () => {
  const { work } = workOf('Qwen2.5-0.5B', 256, 512, 1);
  for (const layer of work) {
    const costs = modeCosts(layer);
    const least = LAYER_MODES.toSorted((a, b) => timeOf(costs[a]) - timeOf(costs[b]))[0];
    expect(cheapest(layer)).toBe(least);
  }
  expect(new Set(work.map(cheapest)).size).toBeGreaterThan(1);
});

test('more tokens and more micro-batches speak for merging, wide layers against it, a high rank for keeping or gathering', () => {
  const layer = { in_features: 2048, out_features: 2048, r: 256, sharers: 1, tokens: 256, microBatches: 1 };
  expect(cheapest(layer)).toBe('unmerged');
  expect(cheapest({ ...layer, tokens: 1024 })).toBe('merged');
  expect(cheapest({ ...layer, microBatches: 4 })).toBe('merged');
  expect(cheapest({ ...layer, tokens: 1024, in_features: 16384, out_features: 16384 })).toBe('unmerged');
  expect(cheapest({ ...layer, r: 1024 })).toBe('saved');
  expect(cheapest({ ...layer, r: 2048, tokens: 1024, microBatches: 8 })).toBe('dense');
  // At a low rank, reading and writing the merged copy takes longer than the matrix products that it saves.
  expect(cheapest({ ...layer, in_features: 288, out_features: 288, r: 64, sharers: 3 })).toBe('unmerged');
});

describe('the modes of modules', () => {
  const size = (in_features: number, out_features: number) => ({ in_features, out_features });
  const sizes = new Map([
    ['layers.0.attn.q', size(64, 64)],
    ['layers.0.attn.k', size(64, 32)],
    ['layers.0.mlp.up', size(64, 256)],
    ['layers.0.mlp.down', size(2048, 2048)],
  ]);
  const inputs = inputsOf([['layers.0.attn.q', 'layers.0.attn.k'], ['layers.0.mlp.up'], ['layers.0.mlp.down']]);
  const work = { r: 64, tokens: 256, microBatches: 1, inputs };
  const each = (...names: string[]) => new Map(names.map((name) => [name, 'merged']));

  test('are the cheapest, the best for their memory first', () => {
    // For `down`, merging its large weight takes longer than the matrix products that merging saves for so few tokens.
    const all = chooseModes(sizes, { ...work, bytes: 1e9 });
    expect(all).toEqual(each('layers.0.attn.q', 'layers.0.attn.k', 'layers.0.mlp.up'));
    expect(chooseModes(sizes, { ...work, bytes: 4 * 64 * 32 })).toEqual(each('layers.0.attn.k'));
    expect(chooseModes(sizes, { ...work, bytes: 0 })).toEqual(new Map());
  });

  test('a module that is too large leaves its place to smaller ones', () => {
    const chosen = chooseModes(sizes, { ...work, bytes: 4 * 64 * (64 + 32) });
    expect(chosen).toEqual(each('layers.0.attn.q', 'layers.0.attn.k'));
  });

  test('a module for whose best mode there is no room gets the next one that is cheaper than none', () => {
    const one = new Map([['up', size(2048, 2048)]]);
    const many = { r: 2048, tokens: 1024, microBatches: 8, inputs: inputsOf([['up']]) };
    expect(chooseModes(one, { ...many, bytes: 1e9 })).toEqual(new Map([['up', 'dense']]));
    expect(chooseModes(one, { ...many, bytes: 4 * 2048 * 2048 })).toEqual(new Map([['up', 'merged']]));
    expect(chooseModes(one, { ...many, bytes: 4 * 1024 * 2048 })).toEqual(new Map([['up', 'saved']]));
  });

  test('layers of one size that are next to each other count as sharing only where they have one input', () => {
    const names = ['attn.q', 'attn.k', 'attn.v', 'attn.o'];
    const same = new Map(names.map((name) => [name, size(288, 288)]));
    const few = { r: 64, tokens: 256, microBatches: 1, bytes: 1e9 };
    const chosen = chooseModes(same, { ...few, inputs: inputsOf([names.slice(0, 3), ['attn.o']]) });
    expect([...chosen.keys()]).toEqual(['attn.o']);
    expect(chooseModes(same, { ...few, inputs: inputsOf([names]) }).size).toBe(0);
  });
});

test('lengths of rows cost a product with A if the weight lacks ΔW, and one read of the weight in each step if it contains ΔW', () => {
  const layer = { in_features: 64, out_features: 32, r: 8, sharers: 1, tokens: 16, microBatches: 4 };
  const [plain, rescaled] = [modeCosts(layer), modeCosts({ ...layer, use_dora: true })];
  for (const mode of LAYER_MODES) {
    const beside = mode === 'unmerged' || mode === 'saved';
    expect(rescaled[mode].flops - plain[mode].flops).toBe(beside ? 2 * 8 * 64 * 32 : 0);
    expect(rescaled[mode].bytes - plain[mode].bytes).toBe(beside ? 4 * 64 * 32 : 64 * 32);
    expect(rescaled[mode].held).toBe(plain[mode].held);
  }
});
