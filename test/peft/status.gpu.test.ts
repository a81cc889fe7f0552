import { afterAll, beforeAll, expect, test } from 'vitest';
import { get_peft_model, type PreTrainedModel, VeraConfig } from '../../src/index';
import { loadMlp } from '../helpers/models/mlp';
import { savedOf } from '../helpers/peft';
import { openTestSession, type TestSession } from '../helpers/session/session';

let opened: TestSession;
let base: PreTrainedModel;
beforeAll(async () => {
  opened = await openTestSession();
  base = await loadMlp(opened, [10, 10, 10]);
});
afterAll(() => opened.session.close());

test('model and layer status of two 10×10 layers', async () => {
  const model = await get_peft_model(base, new VeraConfig({ target_modules: ['lin0', 'lin1'] }));
  expect(model.get_nb_trainable_parameters()).toEqual({ trainable: 532, all: 752 });
  expect(model.get_model_status()).toEqual({
    base_model_type: 'MLP',
    adapter_model_type: 'VeraModel',
    peft_types: { default: 'VERA' },
    trainable_params: 532,
    total_params: 752,
    num_adapter_layers: 2,
    enabled: true,
    active_adapters: ['default'],
    merged_adapters: [],
    available_adapters: ['default'],
    requires_grad: { default: true },
    devices: { default: ['webgpu'] },
  });
  expect(model.get_layer_status()).toEqual(
    ['lin0', 'lin1'].map((module) => ({
      name: `model.${module}`,
      module_type: 'vera.Linear',
      enabled: true,
      active_adapters: ['default'],
      merged_adapters: [],
      available_adapters: ['default'],
      requires_grad: { default: true },
      devices: { default: ['webgpu'] },
    })),
  );
});

test('state-dict prefixes include the model-level base_model.vera_A', async () => {
  const model = await get_peft_model(base, new VeraConfig({ target_modules: ['lin0', 'lin1'] }));
  const prefixes = new Set([...(await savedOf(model)).keys()].map((name) => name.replace(/\.vera_lambda_.$/, '')));
  expect([...prefixes].toSorted()).toEqual([
    'base_model.model.lin0',
    'base_model.model.lin1',
    'base_model.vera_A',
    'base_model.vera_B',
  ]);
});
