import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { expectedTensors } from '../../../src/adapters/files/expected_tensors';
import { VeraConfig, type VeraConfigInit } from '../../../src/adapters/vera/config/vera_config';
import { veraKind } from '../../../src/adapters/vera/kind';
import type { ModuleNames, PretrainedConfig } from '../../../src/core/types/model';
import { pinned } from '../../../src/graph/value';
import { type Architecture, fileNames } from '../../../src/models/architecture';
import { outlineOf } from '../../../src/models/outline';
import { createArchitecture } from '../../../src/tasks/task_registry';
import { resolveVera } from '../../helpers/session/vera_placer';

const read = (base: string): PretrainedConfig =>
  JSON.parse(readFileSync(`test/golden/base/${base}/config.json`, 'utf8'));
const create = (moduleNames: ModuleNames, base = 'dinov2', imageSize?: number): Architecture =>
  createArchitecture(read(base), 'image_classification', { moduleNames, imageSize });
const adapterOn = (model: Architecture, init: VeraConfigInit) => resolveVera(new VeraConfig({ r: 2, ...init }), model);

const layerOf = (names: ModuleNames, prefix: string): string[] =>
  create(names)
    .modules.filter(({ name }) => name.startsWith(prefix))
    .map(({ name, type }) => `${name.slice(prefix.length)} ${type}`);

describe('module names', () => {
  test('a layer under transformers 4', () => {
    expect(layerOf('v4', 'dinov2.encoder.layer.1')).toEqual([
      ' Dinov2Layer',
      '.norm1 LayerNorm',
      '.attention Dinov2Attention',
      '.attention.attention Dinov2SelfAttention',
      '.attention.attention.query Linear',
      '.attention.attention.key Linear',
      '.attention.attention.value Linear',
      '.attention.output Dinov2SelfOutput',
      '.attention.output.dense Linear',
      '.attention.output.dropout Dropout',
      '.layer_scale1 Dinov2LayerScale',
      '.drop_path Identity',
      '.norm2 LayerNorm',
      '.mlp Dinov2MLP',
      '.mlp.fc1 Linear',
      '.mlp.activation GELUActivation',
      '.mlp.fc2 Linear',
      '.layer_scale2 Dinov2LayerScale',
    ]);
  });

  test('a layer under transformers 5', () => {
    expect(layerOf('v5', 'dinov2.encoder.layer.1.attention')).toEqual([
      ' Dinov2Attention',
      '.q_proj Linear',
      '.k_proj Linear',
      '.v_proj Linear',
      '.o_proj Linear',
    ]);
    expect(layerOf('v5', 'dinov2.encoder.layer.1.mlp')).toEqual([
      ' Dinov2MLP',
      '.activation_fn GELUActivation',
      '.fc1 Linear',
      '.fc2 Linear',
    ]);
  });

  test('files have the names of 4 whichever the model has', () => {
    const [v4, v5] = [create('v4'), create('v5')];
    expect(v4.weights.map(fileNames)).toEqual(v5.weights.map(fileNames));
    const query = v5.weights.find(({ name }) => name.endsWith('.0.attention.q_proj.weight'))!;
    expect(fileNames(query)[0]).toBe('dinov2.encoder.layer.0.attention.attention.query.weight');
  });

  test('targets of the other names get a hint', () => {
    expect(() => adapterOn(create('v5'), { target_modules: ['query'] })).toThrow(
      expect.objectContaining({ code: 'invalid_argument', hint: expect.stringContaining("module_names: 'v4'") }),
    );
  });
});

test.each([
  ['dinov2', 28, [1, 50, 32]],
  ['dinov2', 16, [1, 50, 32]],
  ['dinov2-registers', 16, [1, 37, 32]],
])('%s for images of %d pixels: the embedding trains whole, in the shapes of files', (base, size, positions) => {
  const model = create('v5', base, size);
  const resolved = adapterOn(model, { target_modules: ['q_proj'], modules_to_save: ['embeddings'] });
  const { others } = expectedTensors(veraKind, resolved, model);
  const place = `base_model.model.${base === 'dinov2' ? base : 'dinov2_with_registers'}.embeddings.`;
  expect([...others].map(([saved, { shape }]) => [saved.replace(place, ''), shape])).toEqual([
    ['cls_token', [1, 1, 32]],
    ['mask_token', [1, 32]],
    ['position_embeddings', positions],
    ...(base === 'dinov2' ? [] : [['register_tokens', [1, 3, 32]]]),
    ['patch_embeddings.projection.weight', [32, 3, 4, 4]],
    ['patch_embeddings.projection.bias', [32]],
  ]);
});

test.each([
  ['dinov2', undefined, 50],
  ['dinov2', 16, 17],
  ['dinov2', 19, 17],
  ['dinov2-registers', 16, 20],
] as const)('%s for images of %s pixels: each has %d tokens', (base, size, tokens) => {
  const model = create('v5', base, size);
  const weights = new Map(model.weights.map(({ name, shape }) => [name, pinned(name, shape)]));
  const constants = new Map(model.constants.map(({ name, shape }) => [name, pinned(name, shape)]));
  const { inputs, attention } = outlineOf({ model, weights, constants });
  expect([...inputs].find(([name]) => name.endsWith('fc1'))?.[1].shape).toEqual([tokens, 32]);
  expect(attention[0]).toEqual({ H: 4, Hkv: 4, D: 8, causal: false });
  expect(model.constants).toHaveLength(base === 'dinov2' && size === undefined ? 0 : 1);
});

test('settings for images smaller than a patch leave the sizes as config.json has them, which the image processor refuses', () => {
  expect(create('v5', 'dinov2', 3).image).toEqual(create('v5').image);
});

test('its head reads two vectors', () => {
  const { head } = create('v5');
  expect(head).toMatchObject({ className: 'Dinov2ForImageClassification', reads: 'image and patches' });
  expect(head.weights[0]?.shape).toEqual([5, 64]);
  expect(head.features?.size).toBe(64);
});
