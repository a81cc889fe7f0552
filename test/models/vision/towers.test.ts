import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import type { PretrainedConfig } from '../../../src/core/types/model';
import { pinned } from '../../../src/graph/value';
import { outlineOf } from '../../../src/models/outline';
import { CLIP, parseTowerConfig, SIGLIP } from '../../../src/models/vision/tower_config';
import { createArchitecture } from '../../../src/tasks/task_registry';

const read = (base: string): PretrainedConfig & { readonly vision_config: object } =>
  JSON.parse(readFileSync(`test/golden/base/${base}/config.json`, 'utf8'));
const [clip, siglip] = [read('clip'), read('siglip')];
const withTower = (config: typeof clip, change: object) => ({
  ...config,
  vision_config: { ...config.vision_config, ...change },
});

test('a file that transformers wrote', () => {
  const config = parseTowerConfig(clip, CLIP);
  expect(config).toMatchObject({
    isAlone: false,
    hidden_size: 32,
    intermediate_size: 56,
    num_hidden_layers: 2,
    num_attention_heads: 4,
    hidden_act: 'quick_gelu',
    layer_norm_eps: 1e-5,
    projection_dim: 512,
    std: 32 ** -0.5,
    image: { channels: 3, size: 16, patch: 4, patches: 16 },
  });
  for (const part of [config, config.image]) expect(Object.isFrozen(part)).toBe(true);
  expect(parseTowerConfig(siglip, SIGLIP)).toMatchObject({
    hidden_act: 'gelu_pytorch_tanh',
    layer_norm_eps: 1e-6,
    hasPoolingHead: true,
    image: { patches: 16, classTokens: 0 },
  });
});

const BASE = { hidden_size: 768, intermediate_size: 3072, num_hidden_layers: 12, num_attention_heads: 12 };

test("as google/siglip-base-patch16-224's file has it: all sizes are transformers' own", () => {
  const config = {
    ...{ architectures: ['SiglipModel'], initializer_factor: 1, model_type: 'siglip', torch_dtype: 'float32' },
    ...{ text_config: { model_type: 'siglip_text_model' }, transformers_version: '4.37.0.dev0' },
    vision_config: { model_type: 'siglip_vision_model' },
  };
  const expected = { ...BASE, hidden_act: 'gelu_pytorch_tanh', image: { size: 224, patch: 16, patches: 196 } };
  expect(parseTowerConfig(config, SIGLIP)).toMatchObject(expected);
  const { vision_config: _, ...others } = config;
  expect(parseTowerConfig(others, SIGLIP)).toMatchObject(expected);
});

test("as openai/clip-vit-base-patch32's file has it", () => {
  const config = {
    ...{ architectures: ['CLIPModel'], initializer_factor: 1, logit_scale_init_value: 2.6592, model_type: 'clip' },
    ...{ projection_dim: 512, text_config: { hidden_size: 512 }, text_config_dict: null, vision_config_dict: null },
    vision_config: {
      ...{ ...BASE, dropout: 0, hidden_act: 'quick_gelu', id2label: { 0: 'LABEL_0', 1: 'LABEL_1' }, image_size: 224 },
      ...{ initializer_factor: 1, initializer_range: 0.02, layer_norm_eps: 1e-5, model_type: 'clip_vision_model' },
      ...{ num_channels: 3, patch_size: 32, projection_dim: 512, torch_dtype: null, transformers_version: '4.16.0' },
    },
  };
  expect(parseTowerConfig(config, CLIP)).toMatchObject({ ...BASE, image: { size: 224, patch: 32, patches: 49 } });
});

test('of a CLIP, vision_config_dict replaces vision_config whole, as in transformers', () => {
  const config = { ...clip, vision_config_dict: { patch_size: 16, hidden_act: 'gelu' } };
  expect(parseTowerConfig(config, CLIP)).toMatchObject({ ...BASE, hidden_act: 'gelu', image: { patches: 196 } });
  expect(parseTowerConfig({ ...siglip, vision_config_dict: { patch_size: 8 } }, SIGLIP).image.patch).toBe(4);
});

test('a file of the tower alone', () => {
  expect(parseTowerConfig({ ...clip.vision_config, num_attention_heads: 2 }, CLIP)).toMatchObject({
    isAlone: true,
    hidden_size: 32,
    num_attention_heads: 2,
  });
});

describe('refused', () => {
  test.each<[string, unknown]>([
    ['model_type', 'chinese_clip_vision_model'],
    ['hidden_act', 'mish'],
    ['image_size', [16, 8]],
    ['image_size', 16_000],
    ['head_dim', 16],
    ['is_causal', true],
  ])('as not supported: vision_config.%s %j', (key, value) => {
    expect(() => parseTowerConfig(withTower(clip, { [key]: value }), CLIP)).toThrow(
      expect.objectContaining({ code: 'unsupported_model', message: expect.stringContaining(`config.json: ${key}: `) }),
    );
  });

  test.each<[string, unknown]>([
    ['hidden_size', 30],
    ['hidden_size', null],
    ['hidden_size', 2 ** 40],
    ['intermediate_size', '56'],
    ['num_hidden_layers', 0],
    ['num_hidden_layers', 2 ** 20],
    ['patch_size', 17],
    ['image_size', 2 ** 20],
    ['image_size', [2 ** 20, 2 ** 20]],
    ['num_channels', 0],
    ['layer_norm_eps', 0],
    ['vision_use_head', 1],
  ])('as broken: vision_config.%s %j', (key, value) => {
    const message = expect.stringContaining(`config.json: vision_config: ${key}: `);
    const broken = expect.objectContaining({ code: 'invalid_format', message });
    expect(() => parseTowerConfig(withTower(siglip, { [key]: value }), SIGLIP)).toThrow(broken);
  });

  test.each<[object, string]>([
    [{ vision_config: [] }, 'invalid_format'],
    [{ vision_config_dict: 'none' }, 'invalid_format'],
    [{ projection_dim: 0 }, 'invalid_format'],
    [{ projection_dim: 2 ** 40 }, 'invalid_format'],
    [{ initializer_factor: 0 }, 'invalid_format'],
    [{ quantization_config: {} }, 'unsupported_model'],
  ])('%j', (change, code) => {
    expect(() => parseTowerConfig({ ...clip, ...change }, CLIP)).toThrow(expect.objectContaining({ code }));
  });

  test('a classifier over the tower alone, which transformers has not', () => {
    const alone = siglip.vision_config as PretrainedConfig;
    expect(() => createArchitecture(alone, 'image_classification')).toThrow(
      expect.objectContaining({ code: 'unsupported_model' }),
    );
    expect(createArchitecture(alone, 'feature_extraction').head.className).toBe('SiglipVisionModel');
  });
});

test.each([
  ['clip', clip, 17],
  ['siglip', siglip, 16],
] as const)('%s: the last hidden states of an image, and its layers', (_, config, tokens) => {
  const model = createArchitecture(config, 'image_classification');
  const weights = new Map(model.weights.map(({ name, shape }) => [name, pinned(name, shape)]));
  const { inputs, attention } = outlineOf({ model, weights, constants: new Map() });
  expect(inputs.get('vision_model.encoder.layers.1.mlp.fc1')?.shape).toEqual([tokens, 32]);
  expect([...inputs.keys()].filter((name) => name.includes('.head.'))).toEqual([]);
  expect(attention).toHaveLength(2);
  expect(model.head).toMatchObject({ reads: 'patches', outputs: 5 });
});

test.each([
  [['CLIPModel'], 'CLIPVisionModelWithProjection', [512, 32]],
  [undefined, 'CLIPVisionModelWithProjection', [512, 32]],
  [['CLIPForImageClassification'], 'CLIPVisionModel', undefined],
  [['CLIPVisionModel'], 'CLIPVisionModel', undefined],
] as const)('without a head, files of %j are a %s', (architectures, className, projection) => {
  const model = createArchitecture({ ...clip, architectures }, 'feature_extraction');
  expect(model.head.className).toBe(className);
  expect(model.weights.find(({ name }) => name === 'visual_projection.weight')?.shape).toEqual(projection);
  expect(model.weights[0]?.name).toBe('vision_model.embeddings.class_embedding');
});

test('without a head, a file of a tower alone has the projection if its class does', () => {
  const alone = { ...clip.vision_config, model_type: 'clip_vision_model', projection_dim: 12 };
  const of = (name: string) => createArchitecture({ ...alone, architectures: [name] }, 'feature_extraction');
  const projected = of('CLIPVisionModelWithProjection');
  expect(projected.head.className).toBe('CLIPVisionModelWithProjection');
  expect(projected.weights.find(({ name }) => name === 'visual_projection.weight')?.shape).toEqual([12, 32]);
  expect(projected.config).toMatchObject({ ...alone, architectures: ['CLIPVisionModelWithProjection'] });
  expect(of('CLIPVisionModel').head.className).toBe('CLIPVisionModel');
});

test('of a CLIP with its projection, config.json has the size of vectors where CLIPVisionModelWithProjection reads it', () => {
  const both = { ...clip, architectures: ['CLIPModel'] };
  const configOf = (change: object) => createArchitecture({ ...both, ...change }, 'feature_extraction').config;
  expect(configOf({ projection_dim: 12 })).toEqual({
    ...{ ...clip, architectures: ['CLIPVisionModelWithProjection'], projection_dim: 12 },
    vision_config: { ...clip.vision_config, projection_dim: 12 },
  });
  const tower = { ...clip.vision_config, patch_size: 8 };
  expect(configOf({ projection_dim: 12, vision_config_dict: tower })).toMatchObject({
    vision_config: { ...tower, projection_dim: 12 },
    vision_config_dict: { ...tower, projection_dim: 12 },
  });
  expect(configOf({ vision_config: null, vision_config_dict: null })).toMatchObject({
    vision_config: { projection_dim: 512 },
    vision_config_dict: null,
  });
  expect(configOf({ architectures: ['CLIPVisionModel'] }).vision_config).toEqual(clip.vision_config);
});
