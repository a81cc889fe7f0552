import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  type Example,
  get_peft_model,
  type PreTrainedModel,
  type TrainerCallback,
  type TrainerControl,
  type TrainerState,
  type TrainingArguments,
  VeraConfig,
  VeraModel,
} from '../../../src/index';
import { toArray } from '../../helpers/bytes/to_array';
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

describe('callbacks', () => {
  test('ask for an evaluation, whatever eval_strategy is', async () => {
    const asking: TrainerCallback = {
      on_step_end(_, { global_step }, control) {
        control.should_evaluate = global_step === 2;
      },
    };
    const run = tinyTrainer(await fresh(), {
      args: { max_steps: 4 },
      eval_dataset: tinyRows,
      callbacks: [asking],
    }).train();
    const evaluated = (await toArray(run)).flatMap((event) =>
      event.type === 'evaluate' ? [event.state.global_step] : [],
    );
    expect(evaluated).toHaveLength(1);
  });

  const last: TrainingArguments = { num_train_epochs: 1, logging_steps: 100, save_strategy: 'no' };

  test.each(['on_step_end', 'on_epoch_end'] as const)('are answered at the last step: %s', async (hook) => {
    const asking: TrainerCallback = {
      [hook]: (_: unknown, { global_step }: TrainerState, control: TrainerControl) => {
        control.should_log = control.should_evaluate = control.should_save = global_step === 3;
      },
    };
    const run = tinyTrainer(await fresh(), { args: last, eval_dataset: tinyRows, callbacks: [asking] }).train();
    const answers = (await toArray(run)).map(({ type, state }) => `${type} ${state.global_step}`);
    expect(answers.filter((one) => !one.startsWith('reading'))).toEqual(['log 3', 'evaluate 3', 'save 3']);
  });

  test('are answered after the last evaluation, once', async () => {
    const asking: TrainerCallback = {
      on_evaluate: (_, __, control) => {
        control.should_log = control.should_evaluate = control.should_save = true;
      },
    };
    const args: TrainingArguments = { ...last, eval_strategy: 'epoch' };
    const run = tinyTrainer(await fresh(), { args, eval_dataset: tinyRows, callbacks: [asking] }).train();
    const answers = (await toArray(run)).map(({ type, state }) => `${type} ${state.global_step}`);
    expect(answers.filter((one) => !one.startsWith('reading'))).toEqual(['evaluate 3', 'log 3', 'save 3']);
  });

  test('that ask for no evaluation leave the evaluation data unread', async () => {
    const seen: string[] = [];
    function* rows() {
      seen.push('read');
      yield* tinyRows;
    }
    const callbacks: TrainerCallback[] = [{ on_log: () => void seen.push('log') }];
    const trainer = tinyTrainer(await fresh(), { args: { max_steps: 2 }, eval_dataset: rows(), callbacks });
    await trainer.train();
    expect(seen).toEqual(['log', 'log']);
    expect(await trainer.evaluate()).toHaveProperty('eval_loss');
  });

  test('come in the order of transformers', async () => {
    const calls: string[] = [];
    const note = (name: string) => (_: unknown, state: { global_step: number }) =>
      calls.push(`${name} ${state.global_step}`);
    const run = tinyTrainer(await fresh(), {
      args: { num_train_epochs: 2, logging_steps: 3 },
      callbacks: [
        {
          on_train_begin: note('train begin'),
          on_epoch_begin: note('epoch begin'),
          on_step_end: note('step end'),
          on_log: note('log'),
          on_epoch_end: note('epoch end'),
          on_train_end: note('train end'),
        },
      ],
    }).train();
    expect(await run).toMatchObject({ global_step: 6, metrics: { epoch: 2 } });
    const begins = calls.filter((call) => call.startsWith('epoch begin'));
    expect(begins).toHaveLength(2);
    // The next epoch may begin before the last steps of this one are logged.
    expect(calls.filter((call) => !begins.includes(call))).toEqual([
      'train begin 0',
      'step end 1',
      'step end 2',
      'log 3',
      'step end 3',
      'epoch end 3',
      'step end 4',
      'step end 5',
      'log 6',
      'step end 6',
      'epoch end 6',
      'train end 6',
    ]);
  });

  test('should_training_stop ends the run, should_log requests one log', async () => {
    const begun: number[] = [];
    const run = tinyTrainer(await fresh(), {
      args: { max_steps: 100, logging_steps: 1000, save_strategy: 'no' },
      callbacks: [
        {
          on_step_begin: (_, state) => begun.push(state.global_step),
          on_step_end: (_, { global_step }, control) => {
            control.should_log = global_step === 2;
            control.should_training_stop = global_step === 4;
          },
        },
      ],
    }).train();
    const output = await run;
    expect(output.global_step).toBe(begun.length);
    expect(output.global_step).toBeGreaterThanOrEqual(4);
    expect(output.global_step).toBeLessThanOrEqual(6);
    expect((await toArray(run)).map((event) => event.type === 'log' && event.logs.step)).toEqual([3]);
  });

  test.each([
    ['that throws', 'on_step_end', 50],
    ['that throws at the last step', 'on_epoch_end', 3],
  ])('one %s ends the run with its error', async (_, hook, max_steps) => {
    const model = await fresh();
    const oops = new Error('oops');
    const throwing = {
      [hook]() {
        throw oops;
      },
    };
    const run = tinyTrainer(model, { args: { max_steps }, callbacks: [throwing] }).train();
    await expect(Promise.resolve(run)).rejects.toBe(oops);
    await expectToTrain(model);
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
