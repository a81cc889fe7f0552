import { afterEach, describe, expect, test, vi } from 'vitest';
import { WebVeraError } from '../../../src/core/errors/error';
import type { TrainerControl } from '../../../src/core/types/run';
import type { Example, TrainEvent, TrainerState, TrainingArguments } from '../../../src/core/types/training';
import { Trainer } from '../../../src/page/training/trainer';
import { eventually } from '../../helpers/eventually';
import { unhandledDuring } from '../../helpers/unhandled';
import { withResolvers } from '../../helpers/with_resolvers';
import { veraInfo } from '../session/open_session';
import { logs, output, report, rows, trainRequest, wrapped } from './scripted_training';

afterEach(() => vi.unstubAllGlobals());

describe('a training run', () => {
  test('that recovers has earlier logs, and those of repeated steps', async () => {
    const { model, session } = await wrapped((fake) => ({
      async train(call) {
        for (const step of [1, 2, 3]) report(fake(), call, step, { type: 'log', logs: logs(step) });
        const recovered = {
          type: 'recovered',
          cause: 'numerical_error',
          repeatedSteps: 2,
          logs: [logs(1)],
          evaluations: [],
          best: null,
        } as const;
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

  test('that is restored has its earlier logs; readers and callbacks get its saves', async () => {
    const { model, session } = await wrapped((fake) => ({
      async train(call) {
        report(fake(), call, 1, {
          type: 'restored',
          checkpoint: 'checkpoint-1',
          logs: [logs(1)],
          evaluations: [],
          best: null,
        });
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
    expect(seen).toEqual([['begin', 0.1, false], ['step', 1, false], ['log', 1, 2], ['step', 2, false], ['end']]);
    expect(fake.argsOf('controlTraining').map((args) => args[1])).toEqual([
      { should_training_stop: false, should_log: true, should_save: false, should_evaluate: false },
      { should_training_stop: true, should_log: false, should_save: true, should_evaluate: false },
    ]);
    expect(trainRequest(fake).hooks).toEqual(['on_train_begin', 'on_step_end', 'on_log', 'on_train_end']);
    await session.close();
  });

  test('that throw leave no rejection of another one unhandled', async () => {
    const slip = new Error('in the callback');
    const { model, session } = await wrapped((fake) => ({
      async train(call) {
        report(fake(), call, 1, { type: 'log', logs: logs(1) });
        return output;
      },
    }));
    const rejects = { on_log: () => Promise.reject(new Error('earlier')) };
    const throws = {
      on_log() {
        throw slip;
      },
    };
    const unhandled = await unhandledDuring(async () => {
      const run = new Trainer({ model, train_dataset: rows, callbacks: [rejects, throws] }).train();
      await expect(run).rejects.toBe(slip);
    });
    expect(unhandled).toEqual([]);
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

  test('end the run with what their promises reject with', async () => {
    const slip = new Error('in the callback');
    const { model, session } = await wrapped((fake) => ({
      train(call) {
        report(fake(), call, 1, { type: 'hook', hook: 'on_step_end' });
        return fake().untilCancelled(call);
      },
      evaluate: async () => ({ eval_loss: 2 }),
    }));
    const fails = async (): Promise<never> => {
      await Promise.resolve();
      throw slip;
    };
    const callbacks = [{ on_step_end: fails, on_evaluate: fails }];
    const trainer = new Trainer({ model, train_dataset: rows, eval_dataset: rows, callbacks });
    await expect(trainer.train()).rejects.toBe(slip);
    await expect(trainer.evaluate()).rejects.toBe(slip);
    await session.close();
  });

  test('end a run that recovers with what their promises reject with', async () => {
    const slip = new Error('in the callback');
    const [started, failing] = [withResolvers(), withResolvers()];
    const { model, session, fake } = await wrapped((current) => ({
      async train(call) {
        current().emit({ type: 'chosen', call, adapters: ['default'] });
        await started.promise;
        report(current(), call, 1, { type: 'hook', hook: 'on_step_end' });
        current().emit({ type: 'lost', message: 'The driver crashed' });
        throw new WebVeraError('device_lost', 'The driver crashed');
      },
      keepAdapter: async () => ({}) as never,
      startTraining: async () => started.resolve(),
      async reviveAdapters() {
        failing.reject(slip);
        return veraInfo({ default: { peft_type: 'VERA' } }, ['default']);
      },
    }));
    const callbacks = [{ on_step_end: () => failing.promise }];
    await expect(new Trainer({ model, train_dataset: rows, callbacks }).train()).rejects.toBe(slip);
    expect(fake.argsOf('train')).toHaveLength(1);
    await session.close();
  });

  test('may set a request after they have returned, which is sent once', async () => {
    const begun = withResolvers<TrainerControl>();
    const { model, session, fake } = await wrapped((current) => ({
      async train(call) {
        report(current(), call, 0, { type: 'hook', hook: 'on_train_begin' });
        const control = await begun.promise;
        control.should_training_stop = true; // as the handler of a button does
        for (const step of [1, 2]) report(current(), call, step, { type: 'log', logs: logs(step) });
        await eventually(() => expect(current().argsOf('controlTraining')).toHaveLength(1));
        return output;
      },
      controlTraining: async () => {},
    }));
    const callbacks = [
      { on_train_begin: (_: unknown, __: unknown, control: TrainerControl): void => begun.resolve(control) },
    ];
    await new Trainer({ model, train_dataset: rows, callbacks }).train();
    expect(fake.argsOf('controlTraining').map((args) => args[1])).toMatchObject([{ should_training_stop: true }]);
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
          current().emit({ type: 'need_data', call, dataset: 'eval_dataset', count: 8 });
          await new Promise<void>((resolve) => {
            onPush = resolve;
          });
          return metrics;
        },
        async pushExamples(_call, _dataset, examples) {
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
