import { afterEach, describe, expect, test, vi } from 'vitest';
import type { TrainingArguments } from '../../../src/core/types/training';
import { export_run } from '../../../src/page/training/export_run';
import { RemoteRun } from '../../../src/page/training/train_run';
import { Trainer } from '../../../src/page/training/trainer';
import { eventually } from '../../helpers/eventually';
import { output, report, rows, wrapped } from './scripted_training';

afterEach(() => {
  vi.unstubAllGlobals();
  vi.restoreAllMocks();
});

describe('a training run', () => {
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

  test('that the worker has not begun yet is exported until the signal aborts', async () => {
    const { model, session } = await wrapped((fake) => ({ train: (call) => fake().untilCancelled(call) }));
    const trainer = new Trainer({ model, train_dataset: rows });
    const run = trainer.train();
    const ended = expect(run).rejects.toMatchObject({ name: 'AbortError' });
    vi.spyOn(RemoteRun.prototype, 'begun').mockReturnValue(new Promise(() => {}));
    const controller = new AbortController();
    const exported = export_run({ model, trainer }, { signal: controller.signal });
    controller.abort('enough');
    await expect(exported).rejects.toBe('enough');
    await session.close();
    await ended;
  });

  test('reports each reason for a pause to the session, such as a hidden page, and its end', async () => {
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
    await eventually(() => expect(sent).toEqual(['pause hidden', 'resume hidden']));
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
  ])('saves when the page is hidden, frozen or left, unless the strategy is no: %s', async (save_strategy, saves) => {
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
    await eventually(() => expect(fake.argsOf('train')).toHaveLength(1));
    leave();
    // Calls are answered in order, so all earlier calls have arrived when this one resolves.
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

  test('keeps the screen on while it trains, if requested', async () => {
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
    await eventually(() => expect(fake.argsOf('train')).toHaveLength(1));
    end();
    await other;
    expect(asked).toEqual([]);
    const run = train({ keepAwake: true });
    await eventually(() => expect(asked).toEqual(['on']));
    const call = fake.argsOf('train')[1]?.[0] as number;
    report(fake, call, 1, { type: 'paused', reason: 'user' });
    await eventually(() => expect(asked).toEqual(['on', 'off']));
    report(fake, call, 1, { type: 'resumed', reason: 'user' });
    await eventually(() => expect(asked).toEqual(['on', 'off', 'on']));
    end();
    await run;
    await eventually(() => expect(asked).toEqual(['on', 'off', 'on', 'off']));
    await session.close();
  });

  test('reports to the session if the screen can’t be kept on', async () => {
    vi.stubGlobal('document', Object.assign(new EventTarget(), { visibilityState: 'visible' }));
    const { model, session } = await wrapped(() => ({ train: async () => output }));
    vi.stubGlobal('navigator', {});
    const warnings: string[] = [];
    session.addEventListener('warning', ({ code }) => warnings.push(code));
    await new Trainer({ model, args: { keepAwake: true }, train_dataset: rows }).train();
    await eventually(() => expect(warnings).toEqual(['not_kept_awake']));
    await session.close();
  });

  test('checks that it still holds its lock when a frozen page continues', async () => {
    const view = new EventTarget();
    vi.stubGlobal('document', Object.assign(new EventTarget(), { visibilityState: 'visible', defaultView: view }));
    const { model, session, fake } = await wrapped((current) => ({
      train: (call) => current().untilCancelled(call),
      controlTraining: async () => {},
      kernels: async () => ({}) as never,
    }));
    const controller = new AbortController();
    const run = new Trainer({ model, train_dataset: rows }).train({ signal: controller.signal });
    await eventually(() => expect(fake.argsOf('train')).toHaveLength(1));
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
