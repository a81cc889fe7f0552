import { afterEach, describe, expect, test, vi } from 'vitest';
import { WebVeraError } from '../../../src/core/errors/error';
import type { RunEvent } from '../../../src/core/types/run';
import type { Example, TrainEvent } from '../../../src/core/types/training';
import { AutoModelForCausalLM } from '../../../src/page/models/auto_classes';
import { linkKey } from '../../../src/page/session/session';
import { beginningOf } from '../../../src/page/training/run_report';
import { Trainer, type TrainerInit, type TrainOptions } from '../../../src/page/training/trainer';
import type { TrainRequest } from '../../../src/worker/protocol';
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
