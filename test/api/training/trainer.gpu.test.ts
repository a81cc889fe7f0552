import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Example, get_peft_model, type PreTrainedModel, VeraConfig, VeraModel } from '../../../src/index';
import { loadTiny, tinyVera } from '../../helpers/models/tiny_llama';
import { expectToTrain, firstLog, tinyRows, tinyTrainer, weightsOf } from '../../helpers/models/tiny_training';
import { openTestSession, type TestSession, vectorsOf } from '../../helpers/session/session';

let opened: TestSession;
let plain: PreTrainedModel;
beforeAll(async () => {
  opened = await openTestSession();
  plain = await loadTiny(opened);
});
afterAll(() => opened.session.close());

const fresh = (): Promise<VeraModel> => get_peft_model(plain, tinyVera);

test('an adapter that isn’t active trains by its name, as if it were active', async () => {
  const args = { max_steps: 2 };
  const active = await fresh();
  await tinyTrainer(active, { args }).train();
  const model = await fresh();
  const before = await weightsOf(model);
  await model.add_adapter('other', tinyVera);
  await tinyTrainer(model, { args, adapter_name: 'other' }).train();
  expect(model.active_adapters).toEqual(['default']);
  expect(await weightsOf(model)).toEqual(before);
  await model.set_adapter('other');
  expect(await weightsOf(model)).toEqual(await weightsOf(active));
  const missing = tinyTrainer(model, { adapter_name: 'missing' }).train();
  await expect(Promise.resolve(missing)).rejects.toMatchObject({ message: 'Adapter missing not found.' });
});

test('the state of a run has the steps that are done, whether they are logged or not', async () => {
  const run = tinyTrainer(await fresh(), { args: { max_steps: 8, logging_steps: 10, save_strategy: 'no' } }).train();
  await run;
  expect(run.state).toMatchObject({ global_step: 8, max_steps: 8, epoch: 8 / 3, log_history: [] });
});

describe('an argument that would do nothing is refused', () => {
  const lost = { code: 'invalid_argument' };

  test('weights of classes, for a language model', async () => {
    const message = 'classWeights: expected to be left out, as a language model has no classes';
    const trainer = tinyTrainer(await fresh(), { args: { classWeights: { a: 2 } }, eval_dataset: tinyRows });
    await expect(Promise.resolve(trainer.train())).rejects.toMatchObject({ ...lost, message });
    await expect(trainer.evaluate()).rejects.toMatchObject({ ...lost, message });
  });

  test('the rate of a head, if none trains', async () => {
    const args = { headLearningRate: 4e-3, max_steps: 1 };
    const message = 'headLearningRate: expected to be left out, as no module is trained whole';
    const model = await fresh();
    const before = await weightsOf(model);
    const run = tinyTrainer(model, { args }).train();
    await expect(Promise.resolve(run)).rejects.toMatchObject({ ...lost, message, hint: /modules_to_save/ });
    expect(await weightsOf(model)).toEqual(before);
    await expectToTrain(model);
    const whole = await get_peft_model(plain, new VeraConfig({ ...tinyVera, modules_to_save: ['norm'] }));
    expect(await tinyTrainer(whole, { args }).train()).toMatchObject({ global_step: 1 });
  });
});

test("forward, generate and saving work while a run trains, and don't change it", async () => {
  const alone = await fresh();
  await tinyTrainer(alone, { args: { max_steps: 10 } }).train();
  const model = await fresh();
  const run = tinyTrainer(model, { args: { max_steps: 10 } }).train();
  await firstLog(run);
  const before = await plain.forward({ input_ids: [[3, 4, 5]] });
  const [text, logits, files] = await Promise.all([
    model.generate([3, 4, 5], { max_new_tokens: 12, eos_token_id: null }),
    Promise.all(Array.from({ length: 6 }, (_, i) => model.forward({ input_ids: Array(i + 1).fill([3, 4, 5]) }))),
    model.save_pretrained(),
  ]);
  expect(text).toBe('');
  expect(logits.map(({ logits: { dims } }) => dims[0])).toEqual([1, 2, 3, 4, 5, 6]);
  expect(files['adapter_model.safetensors'].size).toBeGreaterThan(0);
  expect((await plain.forward({ input_ids: [[3, 4, 5]] })).logits).toEqual(before.logits);
  await run;
  expect(await weightsOf(model)).toEqual(await weightsOf(alone));
});

test('a loss that is not finite with any rate ends the run, and the vectors are restored', async () => {
  const model = await fresh();
  await expectToTrain(model);
  const before = await weightsOf(model);
  // Now neither vector is zero, and their product overflows after a step of 1e30.
  const run = tinyTrainer(model, { args: { learning_rate: 1e30, max_steps: 20 } }).train();
  await expect(Promise.resolve(run)).rejects.toMatchObject({ code: 'numerical_error' });
  expect(run.state.global_step).toBeGreaterThan(0);
  expect(await weightsOf(model)).toEqual(before);
  await expectToTrain(model);
  await expectToTrain(await fresh());
});

test.each([
  ['no epsilon, where λ_d has no gradient at first', { adam_epsilon: 0 }],
  ['a rate beyond float32', { learning_rate: 1e39 }],
  ['a decay that overflows', { learning_rate: 1e30, weight_decay: 1e30 }],
])('the vectors stay finite with %s', async (_, args) => {
  const model = await fresh();
  await Promise.allSettled([tinyTrainer(model, { args: { max_steps: 3, ...args } }).train()]);
  for (const vector of (await vectorsOf(await model.save_pretrained())).values()) {
    expect(vector.every(Number.isFinite)).toBe(true);
  }
});

describe('what cannot train', () => {
  const refused = { code: 'invalid_argument' };

  test('an adapter that was loaded for inference, or is disabled', async () => {
    const model = await fresh();
    const loaded = await VeraModel.from_pretrained(plain, await model.save_pretrained());
    expect(loaded.get_nb_trainable_parameters().trainable).toBe(0);
    await expect(Promise.resolve(tinyTrainer(loaded).train())).rejects.toMatchObject(refused);
    await model.disable_adapter(async () => {
      await expect(Promise.resolve(tinyTrainer(model).train())).rejects.toMatchObject(refused);
    });
    await expectToTrain(model);
  });

  test('an adapter that is already in a run', async () => {
    const model = await fresh();
    const first = tinyTrainer(model, { args: { max_steps: 20 } }).train();
    await expect(Promise.resolve(tinyTrainer(model).train())).rejects.toMatchObject(refused);
    // Another adapter's run may begin at the same time.
    const other = tinyTrainer(await fresh(), { args: { max_steps: 5 } }).train();
    expect((await first).global_step).toBe(20);
    expect((await other).global_step).toBe(5);
  });

  test.each<[string, object[]]>([
    ['no example', []],
    ['nothing to predict', [{ input_ids: [5] }]],
    ['no label', [{ input_ids: [5, 6], labels: [-100, -100] }]],
    ['an id out of range', [{ input_ids: [5, 32] }]],
    ['a label out of range', [{ input_ids: [5, 6], labels: [5, 99] }]],
    ['masks of another length', [{ input_ids: [5, 6], attention_mask: [1] }]],
    ['text without a tokenizer', [{ text: 'hello' }]],
  ])('%s', async (_, examples) => {
    const model = await fresh();
    const run = tinyTrainer(model, { train_dataset: examples as Example[] }).train();
    await expect(Promise.resolve(run)).rejects.toMatchObject(refused);
    await expectToTrain(model);
  });
});
