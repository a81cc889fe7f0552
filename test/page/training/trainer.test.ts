import { afterEach, describe, expect, test, vi } from 'vitest';
import { WebVeraError } from '../../../src/core/errors/error';
import type { RunEvent } from '../../../src/core/types/run';
import type { Example, TrainEvent, TrainingArguments } from '../../../src/core/types/training';
import { AutoModelForCausalLM } from '../../../src/page/models/auto_classes';
import { linkKey } from '../../../src/page/session/session';
import { beginningOf } from '../../../src/page/training/run_report';
import { Trainer, type TrainerInit, type TrainOptions } from '../../../src/page/training/trainer';
import { resolveTrainingArguments } from '../../../src/page/training/training_arguments';
import { CAUSAL_LM } from '../../../src/tasks/causal_lm/causal_lm';
import { SEQUENCE_CLASSIFICATION } from '../../../src/tasks/sequence_classification/sequence_classification';
import type { ModelInfo, TrainRequest } from '../../../src/worker/protocol';
import { modelInfo, openSession } from '../session/open_session';
import { logs, output, report, rows, trainRequest, trains, wrapped } from './scripted_training';

afterEach(() => vi.unstubAllGlobals());

describe('a training run', () => {
  test('reports events, and gives its output', async () => {
    const received: Example[] = [];
    const { model, session, fake } = await wrapped(trains(received));
    const run = new Trainer({ model, args: { max_steps: 2 }, train_dataset: rows }).train();
    expect(run.state).toEqual(beginningOf(2));
    const events: TrainEvent[] = [];
    for await (const event of run) events.push(event);
    expect(await run).toEqual(output);
    expect(events.map((event) => [event.type, event.state.global_step, event.state.epoch])).toEqual([
      ['log', 1, 0.5],
      ['log', 2, 1],
    ]);
    expect(run.state).toEqual({
      ...beginningOf(2),
      global_step: 2,
      epoch: 1,
      log_history: [logs(1), logs(2)],
    });
    expect(received).toEqual(rows);
    expect(trainRequest(fake)).toMatchObject({ model: 7, data: { kind: 'feed', length: 3 }, hooks: [] });
    await session.close();
  });

  test('fills in every argument', async () => {
    const { model, session, fake } = await wrapped(trains([]));
    await new Trainer({ model, args: { learning_rate: 0.1, shuffle: false }, train_dataset: rows }).train();
    expect(trainRequest(fake).args).toEqual({
      per_device_train_batch_size: 4,
      gradient_accumulation_steps: 1,
      num_train_epochs: 3,
      max_steps: -1,
      learning_rate: 0.1,
      lr_scheduler_type: 'linear',
      warmup_steps: 0,
      warmup_ratio: 0.06,
      weight_decay: 0,
      adam_beta1: 0.9,
      adam_beta2: 0.999,
      adam_epsilon: 1e-8,
      max_grad_norm: 1,
      headLearningRate: null,
      objective: 'labels',
      contrastTemperature: null,
      label_smoothing_factor: 0,
      classWeights: null,
      group_by_length: false,
      gradient_checkpointing: false,
      logging_steps: 1,
      save_strategy: 'steps',
      save_steps: 20,
      eval_strategy: 'no',
      eval_steps: 20,
      load_best_model_at_end: false,
      metric_for_best_model: 'eval_loss',
      greater_is_better: null,
      early_stopping_patience: 0,
      early_stopping_threshold: 0,
      seed: 42,
      max_length: 1024,
      packing: false,
      completion_only_loss: null,
      shuffle: false,
      whenHidden: 'continue',
      keepAwake: false,
      preference: null,
    });
    await session.close();
  });

  // Checkpoints of earlier versions have 0 and 0.06 for the default, so these two numbers must keep meaning it.
  test.each<[string, TrainingArguments, Pick<TrainingArguments, 'warmup_steps' | 'warmup_ratio'>]>([
    ['the usual share', {}, { warmup_steps: 0, warmup_ratio: 0.06 }],
    ['none', { warmup_steps: 0 }, { warmup_steps: 0, warmup_ratio: 0 }],
    ['a share beside 0 steps', { warmup_steps: 0, warmup_ratio: 0.1 }, { warmup_steps: 0, warmup_ratio: 0.1 }],
    ['steps', { warmup_steps: 5 }, { warmup_steps: 5, warmup_ratio: 0.06 }],
    ['a share as in transformers 5', { warmup_steps: 0.1 }, { warmup_steps: 0.1, warmup_ratio: 0.06 }],
  ])('a warm-up of %s', (_, args, expected) => {
    expect(resolveTrainingArguments(args)).toMatchObject(expected);
  });

  test.each<[string, ModelInfo['task'], number]>([
    ['a model that continues texts', CAUSAL_LM.facts, 1e-1],
    ['a classifier', SEQUENCE_CLASSIFICATION.facts, 3e-2],
  ])('learns at a rate that suits %s', async (_, task, learning_rate) => {
    const { model, session, fake } = await wrapped(trains([]), task);
    await new Trainer({ model, train_dataset: rows }).train();
    await new Trainer({ model, args: { learning_rate: 1e-4 }, train_dataset: rows }).train();
    const rates = fake.argsOf('train').map(([, request]) => (request as TrainRequest).args.learning_rate);
    expect(rates).toEqual([learning_rate, 1e-4]);
    await session.close();
  });

  test.each<[string, TrainingArguments, RegExp]>([
    ['a misspelt name', { learning_rat: 1 } as TrainingArguments, /not yet supported argument 'learning_rat'/],
    ['what is not there yet', { fp16: true } as TrainingArguments, /not yet supported argument 'fp16'/],
    ['a strategy without data', { eval_strategy: 'steps' }, /eval_dataset: expected a data set, as eval_strategy is/],
    [
      'a best of no evaluations',
      { load_best_model_at_end: true },
      /load_best_model_at_end: expected an eval_strategy .* beside it, got 'no'$/,
    ],
    ['patience with no evaluations', { early_stopping_patience: 2 }, /early_stopping_patience: expected an eval_str/],
    ['a batch of none', { per_device_train_batch_size: 0 }, /expected an integer from 1, got 0/],
    ['half a batch', { per_device_train_batch_size: 1.5 }, /expected an integer from 1, got 1.5/],
    ['a negative rate', { learning_rate: -1 }, /learning_rate: expected a number from 0, got -1/],
    ['a rate of NaN', { learning_rate: Number.NaN }, /learning_rate: expected a number from 0, got NaN/],
    [
      'a warm-up of one step and a half',
      { warmup_steps: 1.5 },
      /warmup_steps: expected an integer from 0, or a share of all steps below 1, got 1.5/,
    ],
    ['steps of 0', { max_steps: 0 }, /max_steps: expected -1, or an integer from 1, got 0/],
    ['a beta of 1', { adam_beta2: 1 }, /adam_beta2: expected a number from 0, below 1, got 1/],
    ['an unknown strategy', { save_strategy: 'best' as 'no' }, /save_strategy: expected 'no' or 'steps' or 'epoch'/],
    ['no steps between saves', { save_steps: 0 }, /save_steps: expected an integer from 1, got 0/],
    [
      'groups in a given order',
      { group_by_length: true, shuffle: false },
      /shuffle: expected true beside group_by_length/,
    ],
    ['an unknown schedule', { lr_scheduler_type: 'step' as 'linear' }, /lr_scheduler_type: expected 'linear' or/],
  ])('refuses %s when the trainer is created', async (_case, args, message) => {
    const { model, session } = await wrapped();
    const make = (): Trainer => new Trainer({ model, args, train_dataset: rows });
    expect(make).toThrow(
      expect.objectContaining({ code: 'invalid_argument', message: expect.stringMatching(message) }),
    );
    await session.close();
  });

  test.each<[string, TrainingArguments, string]>([
    ['epochs', { epochs: 3 } as TrainingArguments, 'Did you mean num_train_epochs?'],
    ['a Python schedule', { lr_scheduler_type: 'Cosine' as 'cosine' }, "Did you mean 'cosine'?"],
    ['fp16', { fp16: true } as TrainingArguments, 'webvera computes in float32.'],
    ['a rate as text', { learning_rate: '3e-2' as never }, 'Pass the number 0.03, without quotes.'],
    ['steps as text', { max_steps: '8' as never }, 'Pass the number 8, without quotes.'],
    ['a flag as text', { packing: 'true' as never }, 'Pass true, without quotes.'],
    ['no steps', { max_steps: 0 }, 'Leave max_steps out, or pass -1, to train for num_train_epochs.'],
  ])('suggests a name for %s', async (_case, args, hint) => {
    const { model, session } = await wrapped();
    const make = (): Trainer => new Trainer({ model, args, train_dataset: rows });
    expect(make).toThrow(expect.objectContaining({ hint: expect.stringContaining(hint) }));
    await session.close();
  });

  test.each<[string, object, RegExp]>([
    ['no model', { train_dataset: rows }, /model: expected a model with adapters, got undefined/],
    ['a model that is none', { model: {}, train_dataset: rows }, /model: expected a model with adapters/],
    ['an option of another library', { train_dataset: rows, tokenizer: {} }, /not yet supported argument 'tokenizer'/],
  ])('refuses %s', (_case, init, message) => {
    expect(() => new Trainer(init as TrainerInit)).toThrow(
      expect.objectContaining({ code: 'invalid_argument', message: expect.stringMatching(message) }),
    );
  });

  test('asks for an adapter if it gets a base model', async () => {
    const { session } = await openSession(() => ({ loadModel: async () => modelInfo }));
    const base = await AutoModelForCausalLM.from_pretrained('org/name', { session });
    const make = (init: unknown) => () => new Trainer(init as TrainerInit);
    const hint = expect.stringMatching(/a PreTrainedModel: .* await get_peft_model\(model, config\)/);
    expect(make({ model: base, train_dataset: rows })).toThrow(expect.objectContaining({ hint }));
    const form = { code: 'invalid_argument', hint: 'Write new Trainer({ model, args, train_dataset }).' };
    for (const init of [base, undefined]) expect(make(init)).toThrow(expect.objectContaining(form));
    const promise = { model: Promise.resolve(base), train_dataset: rows };
    expect(make(promise)).toThrow(expect.objectContaining({ hint: 'Put await before it.' }));
    await session.close();
  });

  test.each<[string, unknown, string]>([
    ['one that is alone', { on_log: () => {} }, 'A single one is passed in a list: [callback].'],
    ['another spelling', [{ on_log: () => {}, onSave: () => {} }], 'Did you mean on_save?'],
  ])('refuses callbacks in %s', async (_case, callbacks, hint) => {
    const { model, session } = await wrapped();
    const init = { model, train_dataset: rows, callbacks } as TrainerInit;
    expect(() => new Trainer(init)).toThrow(expect.objectContaining({ code: 'invalid_argument', hint }));
    await session.close();
  });

  test('aborted, rejects with the reason, for readers and awaiting callers', async () => {
    const { model, session } = await wrapped((fake) => ({
      train(call) {
        report(fake(), call, 1, { type: 'log', logs: logs(1) });
        return fake().untilCancelled(call);
      },
    }));
    const reason = new Error('enough');
    const controller = new AbortController();
    const run = new Trainer({ model, train_dataset: rows }).train({ signal: controller.signal });
    const reading = (async () => {
      for await (const event of run) if (event.type === 'log') controller.abort(reason);
    })();
    await expect(reading).rejects.toBe(reason);
    await expect(run).rejects.toBe(reason);
    expect(run.state.global_step).toBe(1);
    await session.close();
  });

  test.each<[string, TrainOptions, boolean | string]>([
    ['from the beginning', {}, false],
    ['from the last checkpoint', { resume_from_checkpoint: true }, true],
    ['from one by name', { resume_from_checkpoint: 'checkpoint-4' }, 'checkpoint-4'],
  ])('begins %s', async (_, options, asked) => {
    const { model, session, fake } = await wrapped(trains([]));
    await new Trainer({ model, train_dataset: rows }).train(options);
    expect(trainRequest(fake).resume_from_checkpoint).toBe(asked);
    await session.close();
  });

  test.each([1, ''])('does not begin from %j', async (resume_from_checkpoint) => {
    const { model, session } = await wrapped(trains([]));
    const run = new Trainer({ model, train_dataset: rows }).train({ resume_from_checkpoint } as never);
    await expect(run).rejects.toMatchObject({
      code: 'invalid_argument',
      message: expect.stringContaining('train: resume_from_checkpoint: expected true or false, or a string'),
    });
    await session.close();
  });

  test.each<[string, RunEvent | undefined, boolean]>([
    ['before it was heard of takes over all the same', undefined, true],
    [
      'while it read its data takes over all the same',
      { type: 'reading', dataset: 'train_dataset', loaded: 100, total: 200 },
      true,
    ],
    [
      'later may have been taken over meanwhile, and takes nothing back',
      { type: 'warning', code: 'out_of_memory', message: 'little' },
      false,
    ],
  ])('that is lost %s', async (_, event, takesOver) => {
    const { model, session, fake } = await wrapped((current) => ({
      async train(call) {
        if (current().argsOf('train').length === 2) return output;
        if (event !== undefined) report(current(), call, 0, event);
        throw new WebVeraError('device_lost', 'The driver crashed');
      },
    }));
    await new Trainer({ model, train_dataset: rows }).train({ take_over: true });
    const asked = fake.argsOf('train').map(([, request]) => (request as TrainRequest).take_over);
    expect(asked).toEqual([true, takesOver]);
    await session.close();
  });

  test('that is refused leaves no listener on its page', async () => {
    const { model, session } = await wrapped();
    const document = Object.assign(new EventTarget(), { visibilityState: 'visible' });
    const listen = vi.spyOn(document, 'addEventListener');
    vi.stubGlobal('document', document);
    const trainer = new Trainer({ model, train_dataset: rows, args: { keepAwake: true } });
    const run = trainer.train({ resume: true } as TrainOptions);
    await expect(Promise.resolve(run)).rejects.toMatchObject({ code: 'invalid_argument' });
    const signals = listen.mock.calls.map(([, , options]) => (options as AddEventListenerOptions).signal?.aborted);
    expect(signals).toEqual([true]);
    await session.close();
  });

  test("that can't be sent leaves no listener on its signal", async () => {
    const { session } = await wrapped();
    const { signal } = new AbortController();
    const [add, remove] = [vi.spyOn(signal, 'addEventListener'), vi.spyOn(signal, 'removeEventListener')];
    const link = session[linkKey];
    const failing = link.call(
      () => {
        throw new Error('the model is lost');
      },
      { signal },
    );
    await expect(failing).rejects.toThrow('the model is lost');
    expect(remove).toHaveBeenCalledTimes(add.mock.calls.length);
    await session.close();
  });

  test.each<[string, TrainOptions, { resume_from_checkpoint: boolean | string; take_over: boolean }]>([
    ['neither', {}, { resume_from_checkpoint: false, take_over: false }],
    ['takes over and goes on', { take_over: true }, { resume_from_checkpoint: true, take_over: true }],
    [
      'takes over and begins anew',
      { take_over: true, resume_from_checkpoint: false },
      { resume_from_checkpoint: false, take_over: true },
    ],
    [
      'takes over and goes on from a name',
      { take_over: true, resume_from_checkpoint: 'checkpoint-4' },
      { resume_from_checkpoint: 'checkpoint-4', take_over: true },
    ],
  ])('%s', async (_, options, request) => {
    const { model, session, fake } = await wrapped(() => ({ train: async () => output }));
    await new Trainer({ model, train_dataset: rows }).train(options);
    expect(trainRequest(fake)).toMatchObject(request);
    await session.close();
  });
});
