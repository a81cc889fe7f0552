import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import type { JsonObject } from '../../../src/core/input/fields';
import { parseJsonObject } from '../../../src/formats/json';
import { type Dinov2Family, parseDinov2Config } from '../../../src/models/vision/dinov2_config';

const PLAIN: Dinov2Family = { model_type: 'dinov2', className: 'Dinov2', patch_size: 14, hasRegisters: false };
const read = (base: string): JsonObject =>
  parseJsonObject(readFileSync(`test/golden/base/${base}/config.json`), 'config.json');
const dinov2 = read('dinov2');
const parse = (json: JsonObject, size?: number) => parseDinov2Config(json, PLAIN, size);
const without = (key: string): JsonObject =>
  Object.fromEntries(Object.entries(dinov2).filter(([name]) => name !== key));

test('a file that transformers wrote, for images of the size of their processor', () => {
  const config = parse(dinov2, 16);
  expect(config).toEqual({
    family: PLAIN,
    hidden_size: 32,
    intermediate_size: 64,
    num_hidden_layers: 2,
    num_attention_heads: 4,
    hidden_act: 'gelu',
    layer_norm_eps: 1e-6,
    qkv_bias: true,
    initializer_range: 0.15,
    hasMaskToken: true,
    image: { channels: 3, size: 16, patch: 4, patches: 16 },
    positions: 49,
    moduleNames: 'v5',
    dtype: 'float32',
  });
  for (const part of [config, config.image]) expect(Object.isFrozen(part)).toBe(true);
});

test('without a processor, images have the size of config.json', () => {
  expect(parse(dinov2)).toMatchObject({ image: { size: 28, patches: 49 }, positions: 49 });
});

test("as facebook/dinov2-small's file has it", () => {
  const stages = ['stem', ...Array.from({ length: 12 }, (_, index) => `stage${index + 1}`)];
  const config = {
    ...{ apply_layernorm: true, architectures: ['Dinov2Model'], attention_probs_dropout_prob: 0, drop_path_rate: 0 },
    ...{ hidden_act: 'gelu', hidden_dropout_prob: 0, hidden_size: 384, image_size: 518, initializer_range: 0.02 },
    ...{ layer_norm_eps: 1e-6, layerscale_value: 1, mlp_ratio: 4, model_type: 'dinov2', num_attention_heads: 6 },
    ...{ num_channels: 3, num_hidden_layers: 12, out_features: ['stage12'], out_indices: [12], patch_size: 14 },
    ...{ qkv_bias: true, reshape_hidden_states: true, stage_names: stages, torch_dtype: 'float32' },
    ...{ transformers_version: '4.32.0.dev0', use_swiglu_ffn: false },
  };
  expect(parse(config, 224)).toMatchObject({
    image: { size: 224, patch: 14, patches: 256 },
    positions: 1369,
    intermediate_size: 1536,
    moduleNames: 'v4',
    hasMaskToken: true,
  });
});

describe("Hugging Face's defaults", () => {
  test.each([
    ['layer_norm_eps', 1e-6],
    ['qkv_bias', true],
    ['initializer_range', 0.02],
    ['dtype', null],
  ] as const)('%s', (key, expected) => {
    expect(parse(without(key))[key]).toEqual(expected);
  });

  test('sizes', () => {
    expect(parse(without('mlp_ratio')).intermediate_size).toBe(128);
    expect(parse({ ...without('patch_size'), image_size: 518 }).image).toMatchObject({ patch: 14, patches: 1369 });
    expect(parse({ ...without('image_size'), patch_size: 14 }).image).toMatchObject({ size: 224, patches: 256 });
  });

  test('registers', () => {
    const registers = read('dinov2-registers');
    const family = { ...PLAIN, model_type: 'dinov2_with_registers', patch_size: 16, hasRegisters: true };
    expect(parseDinov2Config(registers, family, 16)).toMatchObject({ image: { registers: 3 }, positions: 36 });
    const { num_register_tokens: _, ...others } = registers;
    expect(parseDinov2Config(others, family, 16).image.registers).toBe(4);
  });
});

describe('refused', () => {
  test.each<[string, unknown]>([
    ['model_type', 'vit'],
    ['use_swiglu_ffn', true],
    ['hidden_act', 'mish'],
    ['image_size', [28, 14]],
    ['image_size', 16_000],
    ['head_dim', 16],
    ['is_causal', true],
    ['quantization_config', {}],
    ['dtype', 'int8'],
  ])('as not supported: %s %j', (key, value) => {
    expect(() => parse({ ...dinov2, [key]: value }, 16)).toThrow(
      expect.objectContaining({ code: 'unsupported_model', message: expect.stringContaining(`config.json: ${key}: `) }),
    );
  });

  test.each<[string, unknown]>([
    ['hidden_size', 30],
    ['hidden_size', undefined],
    ['num_hidden_layers', 0],
    ['mlp_ratio', 2.5],
    ['mlp_ratio', 2 ** 40],
    ['patch_size', 99],
    ['patch_size', 0],
    ['image_size', 3],
    ['image_size', 2 ** 20],
    ['num_channels', 0],
    ['use_swiglu_ffn', 'no'],
    ['use_mask_token', 1],
    ['layer_norm_eps', 0],
  ])('as broken: %s %j', (key, value) => {
    const broken = expect.objectContaining({ code: 'invalid_format' });
    expect(() => parse({ ...dinov2, [key]: value }, 16)).toThrow(broken);
  });
});
