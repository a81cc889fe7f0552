import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { expectedTensors } from '../../../src/adapters/files/expected_tensors';
import { VeraConfig, type VeraConfigInit } from '../../../src/adapters/vera/config/vera_config';
import { veraKind } from '../../../src/adapters/vera/kind';
import type { ModuleNames, PretrainedConfig } from '../../../src/core/types/model';
import { pinned } from '../../../src/graph/value';
import { fileNames, fileShape } from '../../../src/models/architecture';
import { outlineOf } from '../../../src/models/outline';
import { createArchitecture } from '../../../src/tasks/task_registry';
import { resolveVera } from '../../helpers/session/vera_placer';

const config: PretrainedConfig = JSON.parse(readFileSync('test/golden/base/vit/config.json', 'utf8'));
const create = (moduleNames: ModuleNames, change: object = {}) =>
  createArchitecture({ ...config, ...change }, 'image_classification', { moduleNames });
const adapterOn = (moduleNames: ModuleNames, init: VeraConfigInit) =>
  resolveVera(new VeraConfig({ r: 2, ...init }), create(moduleNames));

const layerOf = (names: ModuleNames, prefix: string): string[] =>
  create(names)
    .modules.filter(({ name }) => name.startsWith(prefix))
    .map(({ name, type }) => `${name.slice(prefix.length)} ${type}`);

describe('module names', () => {
  test('a layer under transformers 4', () => {
    expect(layerOf('v4', 'vit.encoder.layer.1')).toEqual([
      ' ViTLayer',
      '.attention ViTAttention',
      '.attention.attention ViTSelfAttention',
      '.attention.attention.query Linear',
      '.attention.attention.key Linear',
      '.attention.attention.value Linear',
      '.attention.output ViTSelfOutput',
      '.attention.output.dense Linear',
      '.attention.output.dropout Dropout',
      '.intermediate ViTIntermediate',
      '.intermediate.dense Linear',
      '.intermediate.intermediate_act_fn GELUActivation',
      '.output ViTOutput',
      '.output.dense Linear',
      '.output.dropout Dropout',
      '.layernorm_before LayerNorm',
      '.layernorm_after LayerNorm',
    ]);
  });

  test('a layer under transformers 5', () => {
    expect(layerOf('v5', 'vit.layers.1')).toEqual([
      ' ViTLayer',
      '.attention ViTAttention',
      '.attention.q_proj Linear',
      '.attention.k_proj Linear',
      '.attention.v_proj Linear',
      '.attention.o_proj Linear',
      '.layernorm_before LayerNorm',
      '.layernorm_after LayerNorm',
      '.mlp ViTMLP',
      '.mlp.activation_fn GELUActivation',
      '.mlp.fc1 Linear',
      '.mlp.fc2 Linear',
      '.dropout Dropout',
    ]);
  });

  test('files have the names of 4 whichever the model has, and may have those of 5', () => {
    const [v4, v5] = [create('v4'), create('v5')];
    expect(v4.weights.map(fileNames)).toEqual(v5.weights.map(fileNames));
    expect(v4.weights.every((spec) => fileNames(spec)[0] === spec.name)).toBe(true);
    const query = v5.weights.find(({ name }) => name === 'vit.layers.0.attention.q_proj.weight')!;
    expect(fileNames(query)).toEqual(['vit.encoder.layer.0.attention.attention.query.weight', query.name]);
  });

  test('follow config.json unless an option chooses them', () => {
    const names = (version: string) =>
      createArchitecture({ ...config, transformers_version: version }, 'image_classification').modules;
    expect(names('4.57.0')).toEqual(create('v4').modules);
    expect(names('5.24.0')).toEqual(create('v5').modules);
  });

  test.each([
    ['v5', ['query', 'value'], /have transformers 5's names, such as vit\.layers\.0\..*module_names: 'v4'/],
    ['v4', '.*q_proj', /have transformers 4's names, such as vit\.encoder\.layer\.0\..*module_names: 'v5'/],
  ] as const)('targets of the other names on %s get a hint', (names, target_modules, hint) => {
    expect(() => adapterOn(names, { target_modules })).toThrow(
      expect.objectContaining({ code: 'invalid_argument', hint: expect.stringMatching(hint) }),
    );
  });
});

describe('the patch embedding', () => {
  const name = 'vit.embeddings.patch_embeddings.projection';

  test('is a Conv2d, which VeRA refuses as PEFT does', () => {
    expect(() => adapterOn('v5', { target_modules: ['q_proj', 'projection'] })).toThrow(
      /^Target module Conv2d\(3, 32, kernel_size=\(4, 4\), stride=\(4, 4\)\) is not supported\./,
    );
    const { modules } = adapterOn('v5', { target_modules: 'all-linear', modules_to_save: ['classifier'] });
    expect([...modules.keys()]).not.toContain(name);
  });

  test('has the shape of a convolution in files, of a product on the device', () => {
    const spec = create('v5').weights.find((weight) => weight.name === `${name}.weight`)!;
    expect([spec.shape, fileShape(spec)]).toEqual([
      [32, 48],
      [32, 3, 4, 4],
    ]);
  });

  test('bias "all" trains its bias', () => {
    const { trained } = adapterOn('v5', { target_modules: ['q_proj'], bias: 'all' });
    expect(trained.map(({ savedKey }) => savedKey)).toContain(`base_model.model.${name}.bias`);
  });

  test('trains whole, with the parameters beside it, in the shapes of files', () => {
    const resolved = adapterOn('v4', { target_modules: ['query'], modules_to_save: ['embeddings'] });
    const { others } = expectedTensors(veraKind, resolved, create('v4'));
    const key = (tensor: string): string => `base_model.model.vit.embeddings.${tensor}`;
    expect(new Map([...others].map(([saved, { shape }]) => [saved, shape]))).toEqual(
      new Map([
        [key('cls_token'), [1, 1, 32]],
        [key('position_embeddings'), [1, 17, 32]],
        [key('patch_embeddings.projection.weight'), [32, 3, 4, 4]],
        [key('patch_embeddings.projection.bias'), [32]],
      ]),
    );
  });
});

test('modules_to_save may be the head and the last norm', () => {
  const { trained } = adapterOn('v5', {
    target_modules: ['q_proj'],
    modules_to_save: ['classifier', 'vit.layernorm'],
  });
  expect(trained.map(({ name }) => name)).toEqual([
    'vit.layernorm.weight',
    'vit.layernorm.bias',
    'classifier.weight',
    'classifier.bias',
  ]);
});

test('without qkv_bias, queries, keys and values have none, and the others do', () => {
  const biases = create('v5', { qkv_bias: false })
    .weights.map(({ name }) => name)
    .filter((name) => name.startsWith('vit.layers.0') && name.endsWith('.bias'));
  expect(biases.map((name) => name.slice('vit.layers.0.'.length))).toEqual([
    'attention.o_proj.bias',
    'layernorm_before.bias',
    'layernorm_after.bias',
    'mlp.fc1.bias',
    'mlp.fc2.bias',
  ]);
});

test('tokens see each other in both directions', () => {
  const model = create('v5');
  const weights = new Map(model.weights.map(({ name, shape }) => [name, pinned(name, shape)]));
  const { inputs, attention } = outlineOf({ model, weights, constants: new Map() });
  expect(attention).toEqual(Array(2).fill({ H: 4, Hkv: 4, D: 8, causal: false }));
  expect(inputs.get('vit.embeddings.patch_embeddings.projection')?.shape).toEqual([16, 48]);
  expect(inputs.get('vit.layers.0.mlp.fc1')?.shape).toEqual([17, 32]);
});

test('it has no other head', () => {
  expect(() => createArchitecture(config, 'sequence_classification')).toThrow(
    expect.objectContaining({
      hint: 'Models of this type are loaded by AutoModelForImageClassification or AutoModel.',
    }),
  );
});
