import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import type { JsonObject } from '../../../src/core/input/fields';
import { parseJsonObject } from '../../../src/formats/json';
import { parseVitConfig } from '../../../src/models/vision/vit_config';

const vit = parseJsonObject(readFileSync('test/golden/base/vit/config.json'), 'config.json');
const without = (key: string): JsonObject => Object.fromEntries(Object.entries(vit).filter(([name]) => name !== key));

test('a file that transformers wrote', () => {
  const config = parseVitConfig(vit);
  expect(config).toEqual({
    hidden_size: 32,
    intermediate_size: 56,
    num_hidden_layers: 2,
    num_attention_heads: 4,
    hidden_act: 'gelu',
    layer_norm_eps: 1e-12,
    qkv_bias: true,
    initializer_range: 0.15,
    image: { channels: 3, size: 16, patch: 4, patches: 16 },
    moduleNames: 'v5',
    dtype: 'float32',
  });
  for (const part of [config, config.image]) expect(Object.isFrozen(part)).toBe(true);
});

describe("Hugging Face's defaults", () => {
  test.each([
    ['layer_norm_eps', 1e-12],
    ['qkv_bias', true],
    ['initializer_range', 0.02],
    ['dtype', null],
  ] as const)('%s', (key, expected) => {
    expect(parseVitConfig(without(key))[key]).toEqual(expected);
  });

  test.each([
    ['num_channels', { channels: 3, size: 16, patch: 4, patches: 16 }],
    ['image_size', { channels: 3, size: 224, patch: 4, patches: 56 ** 2 }],
  ] as const)('%s', (key, expected) => {
    expect(parseVitConfig(without(key)).image).toEqual(expected);
  });

  test('patch_size', () => {
    expect(parseVitConfig({ ...without('patch_size'), image_size: 224 }).image.patches).toBe(196);
  });
});

test('pixels that fill no patch are left out, as in a convolution', () => {
  expect(parseVitConfig({ ...vit, image_size: 19 }).image.patches).toBe(16);
});

test('sizes of squares as lists', () => {
  const { image } = parseVitConfig(vit);
  expect(parseVitConfig({ ...vit, image_size: [16, 16], patch_size: [4, 4] }).image).toEqual(image);
});

describe.each([
  ['4.57.1', 'v4'],
  ['4.6.0.dev0', 'v4'],
  ['5.0.0', 'v5'],
  ['10.1', 'v5'],
  ['main', 'v4'],
  [undefined, 'v4'],
])('transformers_version %s', (transformers_version, expected) => {
  test(`names of ${expected}`, () => {
    expect(parseVitConfig({ ...vit, transformers_version }).moduleNames).toBe(expected);
  });
});

describe('refused', () => {
  test.each<[string, unknown]>([
    ['model_type', 'deit'],
    ['hidden_act', 'mish'],
    ['image_size', [16, 8]],
    ['patch_size', [4]],
    ['patch_size', [4, 4, 4]],
    ['image_size', 16_000],
    ['head_dim', 16],
    ['is_causal', true],
    ['quantization_config', {}],
    ['dtype', 'int8'],
  ])('as not supported: %s %j', (key, value) => {
    expect(() => parseVitConfig({ ...vit, [key]: value })).toThrow(
      expect.objectContaining({ code: 'unsupported_model', message: expect.stringContaining(`config.json: ${key}: `) }),
    );
  });

  test.each<[string, unknown]>([
    ['hidden_size', 30],
    ['hidden_size', undefined],
    ['num_hidden_layers', 0],
    ['num_attention_heads', 'four'],
    ['intermediate_size', 2 ** 40],
    ['patch_size', 17],
    ['image_size', 2 ** 20],
    ['image_size', ['16', '16']],
    ['patch_size', [0, 0]],
    ['num_channels', 0],
    ['layer_norm_eps', 0],
    ['qkv_bias', 1],
    ['transformers_version', 5],
  ])('as broken: %s %j', (key, value) => {
    expect(() => parseVitConfig({ ...vit, [key]: value })).toThrow(
      expect.objectContaining({ code: 'invalid_format', message: expect.stringContaining(`config.json: ${key}: `) }),
    );
  });
});
