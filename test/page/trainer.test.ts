import { afterEach, describe, expect, test, vi } from 'vitest';
import { VeraConfig } from '../../src/adapters/vera/config';
import { WebVeraError } from '../../src/core/error';
import type { RunEvent } from '../../src/core/run';
import type { Dataset, Example, StepLogs, TrainEvent, TrainerState, TrainingArguments } from '../../src/core/training';
import { AutoModelForCausalLM } from '../../src/page/auto_classes';
import { get_peft_model } from '../../src/page/peft_classes';
import { linkKey } from '../../src/page/session';
import { Trainer, type TrainerInit, type TrainOptions } from '../../src/page/trainer';
import type { VeraModel } from '../../src/page/vera_model';
import type { TrainRequest } from '../../src/worker/protocol';
import { withResolvers } from '../helpers/with_resolvers';
import type { FakeSession, Script } from '../worker/fake_session';
import { modelInfo, type Opened, openSession, veraInfo } from './open_session';

afterEach(() => vi.unstubAllGlobals());

async function wrapped(script?: (fake: () => FakeSession) => Script): Promise<Opened & { model: VeraModel }> {
  const opened = await openSession((fake) => ({
    loadModel: async () => modelInfo,
    createVera: async (_model, name, fields) => veraInfo({ [name]: fields }, [name]),
    ...script?.(fake),
  }));
  const base = await AutoModelForCausalLM.from_pretrained('org/name', { session: opened.session });
  return Object.assign(opened, { model: await get_peft_model(base, new VeraConfig()) });
}

const output = { global_step: 2, training_loss: 1.5, metrics: { train_loss: 1.5 } };
const rows: readonly Example[] = [{ text: 'a' }, { text: 'b' }, { text: 'c' }];

function trainRequest(fake: FakeSession): TrainRequest {
  return fake.argsOf('train')[0]?.[1] as TrainRequest;
}

function logs(step: number): StepLogs {
  return { step, loss: 2 / step, grad_norm: 0.5, learning_rate: 0.01, tokens_per_second: 100, seconds_left: 1 };
}

function report(fake: FakeSession, call: number, step: number, event: RunEvent): void {
  fake.emit({ type: 'train', call, progress: { global_step: step, max_steps: 2, epoch: step / 2 }, event });
}

/** A worker that asks for all the data, `count` examples at a time, then logs two steps. */
function trains(received: Example[], count = 2): (fake: () => FakeSession) => Script {
  return (fake) => {
    let onPush: (done: boolean) => void = () => {};
    return {
      async train(call) {
        for (let done = false; !done; ) {
          fake().emit({ type: 'need_data', call, count });
          done = await new Promise<boolean>((resolve) => {
            onPush = resolve;
          });
        }
        for (const step of [1, 2]) report(fake(), call, step, { type: 'log', logs: logs(step) });
        return output;
      },
      async pushExamples(_call, examples, done) {
        expect(examples.length).toBeLessThanOrEqual(count);
        received.push(...examples);
        onPush(done);
      },
    };
  };
}

describe('a training run', () => {
  test('tells what happens and gives its output', async () => {
    const received: Example[] = [];
    const { model, session, fake } = await wrapped(trains(received));
    const run = new Trainer({ model, args: { max_steps: 2 }, train_dataset: rows }).train();
    expect(run.state).toEqual({ global_step: 0, max_steps: 2, epoch: 0, log_history: [] });
    const events: TrainEvent[] = [];
    for await (const event of run) events.push(event);
    expect(await run).toEqual(output);
    expect(events.map((event) => [event.type, event.state.global_step, event.state.epoch])).toEqual([
      ['log', 1, 0.5],
      ['log', 2, 1],
    ]);
    expect(run.state).toEqual({ global_step: 2, max_steps: 2, epoch: 1, log_history: [logs(1), logs(2)] });
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
      gradient_checkpointing: false,
      logging_steps: 1,
      save_strategy: 'steps',
      save_steps: 20,
      seed: 42,
      max_length: 1024,
      packing: false,
      completion_only_loss: null,
      shuffle: false,
      whenHidden: 'continue',
      keepAwake: false,
    });
    await session.close();
  });

  test.each<[string, TrainingArguments, RegExp]>([
    ['a misspelt name', { learning_rat: 1 } as TrainingArguments, /not yet supported argument 'learning_rat'/],
    ['what is not there yet', { eval_steps: 5 } as TrainingArguments, /not yet supported argument 'eval_steps'/],
    ['a batch of none', { per_device_train_batch_size: 0 }, /expected an integer from 1, got 0/],
    ['half a batch', { per_device_train_batch_size: 1.5 }, /expected an integer from 1, got 1.5/],
    ['a negative rate', { learning_rate: -1 }, /learning_rate: expected a number from 0, got -1/],
    ['a rate of NaN', { learning_rate: Number.NaN }, /learning_rate: expected a number from 0, got NaN/],
    ['steps of 0', { max_steps: 0 }, /max_steps: expected -1, or an integer from 1, got 0/],
    ['a beta of 1', { adam_beta2: 1 }, /adam_beta2: expected a number from 0, below 1, got 1/],
    ['an unknown strategy', { save_strategy: 'best' as 'no' }, /save_strategy: expected 'no' or 'steps' or 'epoch'/],
    ['no steps between saves', { save_steps: 0 }, /save_steps: expected an integer from 1, got 0/],
    ['an unknown schedule', { lr_scheduler_type: 'step' as 'linear' }, /lr_scheduler_type: expected 'linear' or/],
  ])('refuses %s, when the trainer is made', async (_case, args, message) => {
    const { model, session } = await wrapped();
    const make = (): Trainer => new Trainer({ model, args, train_dataset: rows });
    expect(make).toThrow(
      expect.objectContaining({ code: 'invalid_argument', message: expect.stringMatching(message) }),
    );
    await session.close();
  });

  test.each<[string, TrainingArguments, string]>([
    [
      'epochs',
      { epochs: 3 } as TrainingArguments,
      'Did you mean num_train_epochs? It takes per_device_train_batch_size,',
    ],
    ['a Python schedule', { lr_scheduler_type: 'Cosine' as 'cosine' }, "Did you mean 'cosine'?"],
    ['fp16', { fp16: true } as TrainingArguments, 'It computes in float32. It takes'],
  ])('helps who asks for %s', async (_case, args, hint) => {
    const { model, session } = await wrapped();
    const make = (): Trainer => new Trainer({ model, args, train_dataset: rows });
    expect(make).toThrow(expect.objectContaining({ hint: expect.stringContaining(hint) }));
    await session.close();
  });

  test.each<[string, object, RegExp]>([
    ['no model', { train_dataset: rows }, /model: expected a VeraModel, got undefined/],
    ['a model that is none', { model: {}, train_dataset: rows }, /model: expected a VeraModel/],
    ['an option of another library', { train_dataset: rows, tokenizer: {} }, /not yet supported argument 'tokenizer'/],
  ])('refuses %s', (_case, init, message) => {
    expect(() => new Trainer(init as TrainerInit)).toThrow(
      expect.objectContaining({ code: 'invalid_argument', message: expect.stringMatching(message) }),
    );
  });

  test('asks for an adapter where a base model came', async () => {
    const { session } = await openSession(() => ({ loadModel: async () => modelInfo }));
    const base = await AutoModelForCausalLM.from_pretrained('org/name', { session });
    const make = (init: unknown) => () => new Trainer(init as TrainerInit);
    const hint = expect.stringMatching(/a PreTrainedModel: .* await get_peft_model\(model, new VeraConfig/);
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

  test('aborted, rejects with the reason, to readers and to who awaits', async () => {
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

  test('that nobody awaits raises no unhandled rejection', async () => {
    const { model, session } = await wrapped(() => ({ train: () => Promise.reject(new Error('lost')) }));
    const unhandled = vi.fn();
    process.on('unhandledRejection', unhandled);
    const trainer = new Trainer({ model, train_dataset: rows });
    trainer.train();
    trainer.train({ resume_from_checkpoint: 1 } as never);
    trainer.train({ signal: AbortSignal.abort() });
    await new Promise((resolve) => setTimeout(resolve, 30));
    process.off('unhandledRejection', unhandled);
    expect(unhandled).not.toHaveBeenCalled();
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

  test.each([
    ['before it was heard of takes over all the same', false],
    ['later may have been taken over meanwhile, and takes nothing back', true],
  ])('that is lost %s', async (_, isHeard) => {
    const { model, session, fake } = await wrapped((current) => ({
      async train(call) {
        if (current().argsOf('train').length === 2) return output;
        if (isHeard) report(current(), call, 0, { type: 'warning', code: 'out_of_memory', message: 'little' });
        throw new WebVeraError('device_lost', 'The driver crashed');
      },
    }));
    await new Trainer({ model, train_dataset: rows }).train({ take_over: true });
    const asked = fake.argsOf('train').map(([, request]) => (request as TrainRequest).take_over);
    expect(asked).toEqual([true, !isHeard]);
    await session.close();
  });

  test('that is refused leaves nothing at its page', async () => {
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

  test('that cannot even be asked for leaves nothing at its signal', async () => {
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

  test('that recovers has the logs that stay, and those of the steps that it does again', async () => {
    const { model, session } = await wrapped((fake) => ({
      async train(call) {
        for (const step of [1, 2, 3]) report(fake(), call, step, { type: 'log', logs: logs(step) });
        const recovered = { type: 'recovered', cause: 'numerical_error', repeatedSteps: 2, logs: [logs(1)] } as const;
        report(fake(), call, 1, recovered);
        report(fake(), call, 2, { type: 'log', logs: { ...logs(2), loss: 7 } });
        return output;
      },
    }));
    const run = new Trainer({ model, train_dataset: rows }).train();
    const events: TrainEvent[] = [];
    for await (const event of run) events.push(event);
    expect(events[3]).toMatchObject({
      type: 'recovered',
      cause: 'numerical_error',
      repeatedSteps: 2,
      state: { global_step: 1 },
    });
    expect(run.state.log_history).toEqual([logs(1), { ...logs(2), loss: 7 }]);
    await session.close();
  });

  test('restored, has the logs of before; saves are told to readers and callbacks', async () => {
    const { model, session } = await wrapped((fake) => ({
      async train(call) {
        report(fake(), call, 1, { type: 'restored', checkpoint: 'checkpoint-1', logs: [logs(1)] });
        report(fake(), call, 2, { type: 'log', logs: logs(2) });
        report(fake(), call, 2, { type: 'save', checkpoint: 'checkpoint-2', durable: true });
        return output;
      },
    }));
    const told: number[] = [];
    const callback = { on_save: (_: unknown, state: TrainerState) => told.push(state.global_step) };
    const run = new Trainer({ model, train_dataset: rows, callbacks: [callback] }).train();
    const events: TrainEvent[] = [];
    for await (const event of run) events.push(event);
    expect(events.map(({ type, state }) => [type, state.global_step])).toEqual([
      ['restored', 1],
      ['log', 2],
      ['save', 2],
    ]);
    expect(events[0]).toMatchObject({ checkpoint: 'checkpoint-1' });
    expect(events[2]).toMatchObject({ checkpoint: 'checkpoint-2', durable: true });
    expect(run.state.log_history).toEqual([logs(1), logs(2)]);
    expect(told).toEqual([2]);
    await session.close();
  });

  test('pauses, resumes and stops', async () => {
    let end = (): void => {};
    const asked: unknown[] = [];
    const { model, session, fake } = await wrapped((current) => ({
      train(call) {
        report(current(), call, 1, { type: 'warning', code: 'device_lost', message: 'odd' });
        return new Promise((resolve) => {
          end = () => resolve(output);
        });
      },
      async pauseTraining(call, reason) {
        report(current(), call, 1, { type: 'paused', reason });
      },
      async resumeTraining(call, reason) {
        report(current(), call, 1, { type: 'resumed', reason });
      },
      async controlTraining(_call, control) {
        asked.push(control);
        if (control.should_training_stop) end();
      },
    }));
    const run = new Trainer({ model, train_dataset: rows }).train();
    await run.pause();
    await run.resume();
    await expect(run.stop({ save: 1 } as never)).rejects.toMatchObject({ code: 'invalid_argument' });
    expect(await run.stop({ save: false })).toEqual(output);
    expect(asked).toEqual([{ should_training_stop: true, save_at_end: false }]);
    const events: unknown[] = [];
    for await (const { state: _, ...event } of run) events.push(event);
    expect(events).toEqual([
      { type: 'warning', code: 'device_lost', message: 'odd' },
      { type: 'paused', reason: 'user' },
      { type: 'resumed', reason: 'user' },
    ]);
    const before = fake.calls.length;
    await run.pause();
    await run.resume();
    expect(await run.stop()).toEqual(output);
    expect(fake.calls.length).toBe(before);
    await session.close();
  });

  test('tells the session each reason to stand still, such as a hidden page, and each that goes', async () => {
    const page = Object.assign(new EventTarget(), { visibilityState: 'visible' });
    vi.stubGlobal('document', page);
    const show = (state: string): void => {
      page.visibilityState = state;
      page.dispatchEvent(new Event('visibilitychange'));
    };
    const sent: string[] = [];
    const { model, session } = await wrapped((fake) => ({
      train: (call) => fake().untilCancelled(call),
      pauseTraining: async (_call, reason) => void sent.push(`pause ${reason}`),
      resumeTraining: async (_call, reason) => void sent.push(`resume ${reason}`),
    }));
    const controller = new AbortController();
    const { signal } = controller;
    const run = new Trainer({ model, args: { whenHidden: 'pause' }, train_dataset: rows }).train({ signal });
    show('hidden');
    show('visible');
    await vi.waitFor(() => expect(sent).toEqual(['pause hidden', 'resume hidden']));
    await run.pause();
    show('hidden');
    show('visible');
    await run.resume();
    expect(sent.slice(2)).toEqual(['pause user', 'pause hidden', 'resume hidden', 'resume user']);
    controller.abort();
    await expect(run).rejects.toMatchObject({ name: 'AbortError' });
    show('hidden');
    await new Promise((resolve) => setTimeout(resolve, 10));
    expect(sent).toHaveLength(6);
    await session.close();
  });

  test.each<['steps' | 'no', number]>([
    ['steps', 3],
    ['no', 0],
  ])('is saved as the page is hidden, frozen and left, unless the strategy is no: %s', async (save_strategy, saves) => {
    const view = new EventTarget();
    const page = Object.assign(new EventTarget(), { visibilityState: 'visible', defaultView: view });
    vi.stubGlobal('document', page);
    const leave = (): void => {
      for (const state of ['hidden', 'visible']) {
        page.visibilityState = state;
        page.dispatchEvent(new Event('visibilitychange'));
      }
      page.dispatchEvent(new Event('freeze'));
      view.dispatchEvent(new Event('pagehide'));
    };
    const { model, session, fake } = await wrapped((current) => ({
      train: (call) => current().untilCancelled(call),
      controlTraining: async () => {},
      kernels: async () => ({}) as never,
    }));
    const controller = new AbortController();
    const { signal } = controller;
    const run = new Trainer({ model, args: { save_strategy }, train_dataset: rows }).train({ signal });
    await vi.waitFor(() => expect(fake.argsOf('train')).toHaveLength(1));
    leave();
    // What is asked later is answered later.
    await session.kernels();
    expect(fake.argsOf('controlTraining').map((args) => args[1])).toEqual(Array(saves).fill({ should_save: true }));
    expect(fake.argsOf('pauseTraining')).toEqual([]);
    controller.abort();
    await expect(run).rejects.toMatchObject({ name: 'AbortError' });
    leave();
    await session.kernels();
    expect(fake.argsOf('controlTraining')).toHaveLength(saves);
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

  test('keeps the screen on while it trains, where asked to', async () => {
    const asked: string[] = [];
    const request = async () => {
      const sentinel = { released: false, release: async () => void asked.push('off') };
      asked.push('on');
      return sentinel;
    };
    vi.stubGlobal('document', Object.assign(new EventTarget(), { visibilityState: 'visible' }));
    let end = (): void => {};
    const { model, session, fake } = await wrapped(() => ({
      train: () =>
        new Promise((resolve) => {
          end = () => resolve(output);
        }),
    }));
    vi.stubGlobal('navigator', { wakeLock: { request } });
    const train = (args: TrainingArguments) => new Trainer({ model, args, train_dataset: rows }).train();
    const other = train({});
    await vi.waitFor(() => expect(fake.argsOf('train')).toHaveLength(1));
    end();
    await other;
    expect(asked).toEqual([]);
    const run = train({ keepAwake: true });
    await vi.waitFor(() => expect(asked).toEqual(['on']));
    const call = fake.argsOf('train')[1]?.[0] as number;
    report(fake, call, 1, { type: 'paused', reason: 'user' });
    await vi.waitFor(() => expect(asked).toEqual(['on', 'off']));
    report(fake, call, 1, { type: 'resumed', reason: 'user' });
    await vi.waitFor(() => expect(asked).toEqual(['on', 'off', 'on']));
    end();
    await run;
    await vi.waitFor(() => expect(asked).toEqual(['on', 'off', 'on', 'off']));
    await session.close();
  });

  test('tells the session where the screen can’t be kept on', async () => {
    vi.stubGlobal('document', Object.assign(new EventTarget(), { visibilityState: 'visible' }));
    const { model, session } = await wrapped(() => ({ train: async () => output }));
    vi.stubGlobal('navigator', {});
    const warnings: string[] = [];
    session.addEventListener('warning', ({ code }) => warnings.push(code));
    await new Trainer({ model, args: { keepAwake: true }, train_dataset: rows }).train();
    await vi.waitFor(() => expect(warnings).toEqual(['not_kept_awake']));
    await session.close();
  });

  test('looks whether it is still its own, as the page goes on that was frozen', async () => {
    const view = new EventTarget();
    vi.stubGlobal('document', Object.assign(new EventTarget(), { visibilityState: 'visible', defaultView: view }));
    const { model, session, fake } = await wrapped((current) => ({
      train: (call) => current().untilCancelled(call),
      controlTraining: async () => {},
      kernels: async () => ({}) as never,
    }));
    const controller = new AbortController();
    const run = new Trainer({ model, train_dataset: rows }).train({ signal: controller.signal });
    await vi.waitFor(() => expect(fake.argsOf('train')).toHaveLength(1));
    document.dispatchEvent(new Event('resume'));
    view.dispatchEvent(Object.assign(new Event('pageshow'), { persisted: false }));
    view.dispatchEvent(Object.assign(new Event('pageshow'), { persisted: true }));
    await session.kernels();
    expect(fake.argsOf('controlTraining').map((args) => args[1])).toEqual(Array(2).fill({ check_lock: true }));
    controller.abort();
    await expect(run).rejects.toMatchObject({ name: 'AbortError' });
    await session.close();
  });
});

describe('the data of a run', () => {
  async function receivedFrom(dataset: Dataset, count = 2): Promise<Example[]> {
    const received: Example[] = [];
    const { model, session } = await wrapped(trains(received, count));
    await new Trainer({ model, train_dataset: dataset }).train();
    await session.close();
    return received;
  }

  test('may be of any form, and carry what is not sent', async () => {
    const call = (): void => {};
    const examples = [
      { text: 'a', call },
      { prompt: 'p', completion: 'c', call },
      { input_ids: Int32Array.of(1, 2), labels: [-100, 2], attention_mask: [1, 1], call },
    ] as unknown as Example[];
    expect(await receivedFrom(examples)).toEqual([
      { text: 'a' },
      { prompt: 'p', completion: 'c' },
      { input_ids: [1, 2], labels: [-100, 2], attention_mask: [1, 1] },
    ]);
  });

  test('may be a Set, a generator or an asynchronous one', async () => {
    expect(await receivedFrom(new Set(rows))).toEqual(rows);
    function* generator(): Generator<Example> {
      yield* rows;
    }
    expect(await receivedFrom(generator(), 3)).toEqual(rows);
    async function* asynchronous(): AsyncGenerator<Example> {
      for (const row of rows) {
        await new Promise((resolve) => setTimeout(resolve, 1));
        yield row;
      }
    }
    expect(await receivedFrom(asynchronous(), 1)).toEqual(rows);
    expect(await receivedFrom([])).toEqual([]);
  });

  test('is taken only as far as the worker asks, and let go at the end', async () => {
    let taken = 0;
    let released = false;
    function* endless(): Generator<Example> {
      try {
        for (;;) yield { text: String(taken++) };
      } finally {
        released = true;
      }
    }
    const { model, session } = await wrapped((fake) => {
      let onPush = (): void => {};
      return {
        async train(call) {
          fake().emit({ type: 'need_data', call, count: 3 });
          await new Promise<void>((resolve) => {
            onPush = resolve;
          });
          return output;
        },
        pushExamples: async () => onPush(),
      };
    });
    await new Trainer({ model, train_dataset: endless() }).train();
    expect(taken).toBe(3);
    expect(released).toBe(true);
    await session.close();
  });

  test.each<[string, string, string, 'jsonl' | 'text']>([
    ['text', '', 'a.txt', 'text'],
    ['no name', 'text/plain', '', 'text'],
    ['the name', '', 'a.jsonl', 'jsonl'],
    ['the type', 'application/x-ndjson', '', 'jsonl'],
    ['the other type', 'application/jsonl', '', 'jsonl'],
  ])('may be a Blob: %s', async (_case, type, name, format) => {
    const { model, session, fake } = await wrapped(() => ({ train: async () => output }));
    const blob = Object.assign(new Blob(['{"text":"a"}'], { type }), name === '' ? {} : { name });
    await new Trainer({ model, train_dataset: blob }).train();
    const { data } = trainRequest(fake);
    expect(data).toMatchObject({ kind: 'blob', format });
    expect(await (data as { blob: Blob }).blob.text()).toBe('{"text":"a"}');
    await session.close();
  });

  test.each<[string, unknown, RegExp]>([
    ['text', 'a text', /^Trainer: train_dataset: expected an iterable of examples, or a Blob of text, got 'a text'/],
    ['nothing', undefined, /^Trainer: train_dataset: expected an iterable of examples.*, got undefined/],
    ['an object', { text: 'a' }, /^Trainer: train_dataset: expected an iterable of examples, or a Blob/],
    ['strings', ['a', 'b'], /^train_dataset\[0\]: expected \{ text \}.*got 'a'/],
    ['a row that is none', [{ text: 'a' }, null], /^train_dataset\[1\]: expected/],
    ['a row of another form', [{ content: 'a' }], /got an object with content/],
    ['half a row', [{ prompt: 'a' }], /got an object with prompt/],
    ['ids that are none', [{ input_ids: [1, 'a'] }], /input_ids: expected an array of integers, got 'a'/],
  ])('is refused when it is %s', async (_case, dataset, message) => {
    const { model, session } = await wrapped((fake) => ({
      train(call) {
        fake().emit({ type: 'need_data', call, count: 2 });
        return fake().untilCancelled(call);
      },
      pushExamples: async () => {},
    }));
    const train = async (): Promise<unknown> => new Trainer({ model, train_dataset: dataset as Dataset }).train();
    await expect(train()).rejects.toMatchObject({ code: 'invalid_argument', message });
    await session.close();
  });

  test('ends the run with what it throws', async () => {
    const slip = new Error('in the data set');
    function* failing(): Generator<Example> {
      yield { text: 'a' };
      throw slip;
    }
    const { model, session, fake } = await wrapped((current) => ({
      train(call) {
        current().emit({ type: 'need_data', call, count: 2 });
        return current().untilCancelled(call);
      },
      pushExamples: async () => {},
    }));
    await expect(new Trainer({ model, train_dataset: failing() }).train()).rejects.toBe(slip);
    expect(fake.argsOf('cancel')).toHaveLength(1);
    await session.close();
  });
});

describe('callbacks', () => {
  test('are called with arguments, state and control, and steer the run', async () => {
    const steered = withResolvers();
    const { model, session, fake } = await wrapped((current) => ({
      async train(call) {
        report(current(), call, 0, { type: 'hook', hook: 'on_train_begin' });
        report(current(), call, 1, { type: 'hook', hook: 'on_step_end' });
        report(current(), call, 1, { type: 'log', logs: logs(1) });
        report(current(), call, 2, { type: 'hook', hook: 'on_step_end' });
        report(current(), call, 2, { type: 'hook', hook: 'on_train_end' });
        await steered.promise;
        return output;
      },
      controlTraining: async () => {
        if (current().argsOf('controlTraining').length === 2) steered.resolve();
      },
    }));
    const seen: unknown[] = [];
    const callback = {
      on_train_begin: (args: Readonly<TrainingArguments>) =>
        seen.push(['begin', args.learning_rate, 'completion_only_loss' in args]),
      on_step_end: (
        _: unknown,
        state: { global_step: number },
        control: { should_log: boolean; should_save: boolean; should_training_stop: boolean },
      ) => {
        seen.push(['step', state.global_step, control.should_log || control.should_save]);
        control.should_log = state.global_step === 1;
        control.should_save = state.global_step === 2;
        control.should_training_stop = state.global_step === 2;
      },
      on_log: (
        _: unknown,
        state: { log_history: readonly unknown[] },
        __: unknown,
        extra?: Readonly<Record<string, number>>,
      ) => seen.push(['log', state.log_history.length, extra?.loss]),
      on_train_end: () => seen.push(['end']),
    };
    await new Trainer({ model, train_dataset: rows, callbacks: [callback as never] }).train();
    expect(seen).toEqual([['begin', 0.01, false], ['step', 1, false], ['log', 1, 2], ['step', 2, false], ['end']]);
    expect(fake.argsOf('controlTraining').map((args) => args[1])).toEqual([
      { should_training_stop: false, should_log: true, should_save: false },
      { should_training_stop: true, should_log: false, should_save: true },
    ]);
    expect(trainRequest(fake).hooks).toEqual(['on_train_begin', 'on_step_end', 'on_train_end']);
    await session.close();
  });

  test('end the run with what they throw', async () => {
    const slip = new Error('in the callback');
    const { model, session } = await wrapped((fake) => ({
      train(call) {
        report(fake(), call, 1, { type: 'hook', hook: 'on_step_end' });
        return fake().untilCancelled(call);
      },
    }));
    const callbacks = [
      {
        on_step_end(): never {
          throw slip;
        },
      },
    ];
    await expect(new Trainer({ model, train_dataset: rows, callbacks }).train()).rejects.toBe(slip);
    await session.close();
  });
});

describe('an evaluation', () => {
  test('feeds the data set, and gives loss and perplexity', async () => {
    const received: Example[] = [];
    const metrics = { eval_loss: 2, perplexity: Math.exp(2), eval_tokens: 9 };
    const { model, session, fake } = await wrapped((current) => {
      let onPush = (): void => {};
      return {
        async evaluate(call) {
          current().emit({ type: 'need_data', call, count: 8 });
          await new Promise<void>((resolve) => {
            onPush = resolve;
          });
          return metrics;
        },
        async pushExamples(_call, examples) {
          received.push(...examples);
          onPush();
        },
      };
    });
    const on_evaluate = vi.fn();
    const trainer = new Trainer({ model, train_dataset: [], eval_dataset: rows, callbacks: [{ on_evaluate }] });
    expect(await trainer.evaluate()).toEqual(metrics);
    expect(received).toEqual(rows);
    expect(fake.argsOf('evaluate')[0]?.[1]).toMatchObject({ model: 7, data: { kind: 'feed', length: 3 } });
    expect(on_evaluate).toHaveBeenCalledOnce();
    expect(on_evaluate.mock.calls[0]?.[3]).toEqual(metrics);
    await session.close();
  });

  test('needs a data set', async () => {
    const { model, session } = await wrapped();
    await expect(new Trainer({ model, train_dataset: rows }).evaluate()).rejects.toMatchObject({
      code: 'invalid_argument',
      message: /an eval_dataset/,
    });
    await session.close();
  });
});
