import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { VeraConfig } from '../../../src/adapters/vera/config/vera_config';
import { veraKind } from '../../../src/adapters/vera/kind';
import { pinned } from '../../../src/graph/value';
import { createArchitecture } from '../../../src/tasks/task_registry';
import { createOptimizerState, optimizerProgram, readBy } from '../../../src/train/steps/optimizer';
import { FakeRunner } from '../../helpers/session/fake_runner';

const ARGS = {
  ...{ adam_beta1: 0.9, adam_beta2: 0.999, adam_epsilon: 1e-8, weight_decay: 0.1, max_grad_norm: 1 },
  ...{ learning_rate: 1, objective: 'labels' as const, headLearningRate: null },
};

/** Returns AdamW's rate of each number that an adapter on a SigLIP for classification trains, by parameter or tensor; undefined for none. */
async function updated(change: Partial<Parameters<typeof optimizerProgram>[1]> = {}, settings: object = {}) {
  const config = JSON.parse(readFileSync('test/golden/base/siglip/config.json', 'utf8'));
  const model = createArchitecture(config, 'image_classification');
  const weights = new Map(model.weights.map(({ name, shape }) => [name, pinned(name, shape)]));
  const init = {
    r: 2,
    target_modules: ['q_proj', 'fc1'],
    bias: 'vera_only',
    modules_to_save: ['classifier', 'layernorm'],
    ...settings,
  };
  const resolved = veraKind.resolve(new VeraConfig(init as object), model, { later: false });
  const pool = pinned('pool', [resolved.layout.length]);
  const parts = { kind: veraKind, name: 'a', key: 'a', trainable: true, origin: undefined, pool, resolved };
  const adapter = veraKind.create({ ...parts, frozen: undefined as never });
  const state = await createOptimizerState(new FakeRunner(), [adapter]);
  const args = { ...ARGS, ...change };
  const isRead = readBy({ model, weights, constants: new Map() }, args);
  const steps = optimizerProgram(state, args, isRead).steps.slice(1);
  const { layout } = adapter;
  const rateOf = (offset: number) =>
    steps.find(({ params: { first = 0, P = 0 } }) => offset >= first && offset < first + P)?.params.rate;
  const slots = [...layout.parameters, ...layout.tensors];
  return new Map(slots.map(([name, { offset }]) => [name, rateOf(offset)]));
}

test('modules that the pass does not use get no weight decay, as in torch', async () => {
  const rates = await updated();
  const unused = [...rates].filter(([, rate]) => rate === undefined).map(([name]) => name);
  expect(unused.length).toBeGreaterThan(4);
  expect(unused.filter((name) => !name.includes('vision_model.head.'))).toEqual([]);
  expect([...rates.keys()].filter((name) => name.includes('vision_model.head.'))).toEqual(unused);
});

test('modules that train whole have a rate of their own, or none with the objective of contrast', async () => {
  expect((await updated({ headLearningRate: 0.5 })).get('classifier.weight')).toBe(0.5);
  expect((await updated({ headLearningRate: 0 })).get('classifier.weight')).toBe(0);
  expect((await updated({ objective: 'contrast' })).get('classifier.weight')).toBeUndefined();
});

test('an adapter on the last layer gets no weight decay with the objective of contrast, whose loss does not read it', async () => {
  const settings = { target_modules: ['q_proj', 'classifier'], modules_to_save: null };
  const onHead = (rates: ReadonlyMap<string, number | undefined>) =>
    [...rates].filter(([name]) => /(^|\.)classifier\./.test(name)).map(([, rate]) => rate);
  expect(onHead(await updated({}, settings))).toEqual([1, 1, 1]);
  expect(onHead(await updated({ objective: 'contrast' }, settings))).toEqual([undefined, undefined, undefined]);
});
