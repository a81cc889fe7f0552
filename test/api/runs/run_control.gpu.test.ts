import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import {
  type Example,
  get_peft_model,
  type PreTrainedModel,
  type TrainRun,
  type VeraModel,
  WebVeraError,
} from '../../../src/index';
import { Followed } from '../../../src/page/training/replay';
import { toArray } from '../../helpers/bytes/to_array';
import { loadTiny, tinyVera } from '../../helpers/models/tiny_llama';
import { expectToTrain, firstLog, pass, tinyRows, tinyTrainer, weightsOf } from '../../helpers/models/tiny_training';
import { openTestSession, type TestSession } from '../../helpers/session/session';
import { unhandledDuring } from '../../helpers/unhandled';
import { withResolvers } from '../../helpers/with_resolvers';

let opened: TestSession;
let plain: PreTrainedModel;

beforeAll(async () => {
  opened = await openTestSession();
  plain = await loadTiny(opened);
});
afterAll(async () => {
  await opened.session.close();
});
/** The parts of `document` that a run uses. */
class Page extends EventTarget {
  visibilityState = 'visible';

  show(state: string): void {
    this.visibilityState = state;
    this.dispatchEvent(new Event('visibilitychange'));
  }
}

async function nextEvent(run: TrainRun, wanted: string): Promise<void> {
  for await (const { type } of run) if (type === wanted) return;
}

const fresh = (): Promise<VeraModel> => get_peft_model(plain, tinyVera);

describe('pause', () => {
  test('submits nothing more until resumed; other work continues', async () => {
    const model = await fresh();
    const run = tinyTrainer(model, { args: { max_steps: 12 } }).train();
    await firstLog(run);
    await run.pause();
    const { global_step } = run.state;
    expect(global_step).toBeGreaterThan(0);
    expect(global_step).toBeLessThan(12);
    const submits = opened.calls('submit');
    await pass(60);
    expect(opened.calls('submit')).toBe(submits);
    await model.forward({ input_ids: [tinyRows[0]!.input_ids] });
    expect(await model.generate([3, 4], { max_new_tokens: 2, eos_token_id: null })).toBe('');
    expect(run.state.global_step).toBe(global_step);
    await run.resume();
    expect((await run).global_step).toBe(12);
    const types = (await toArray(run)).map(({ type }) => type).filter((type) => type !== 'save');
    expect(types.filter((type) => type === 'log')).toHaveLength(12);
    const pausedAt = types.indexOf('paused');
    expect(pausedAt).toBe(global_step);
    expect(types[pausedAt + 1]).toBe('resumed');
  });

  test('right after train() delays the first step', async () => {
    const run = tinyTrainer(await fresh(), { args: { max_steps: 3 } }).train();
    await run.pause();
    for await (const { type } of run) if (type === 'paused') break;
    await pass(60);
    expect(run.state.global_step).toBe(0);
    await run.resume();
    const types = (await toArray(run)).map(({ type }) => type);
    expect(types.filter((type) => type !== 'save')).toEqual(['paused', 'resumed', 'log', 'log', 'log']);
    expect(types.at(-1)).toBe('save');
  });

  test('a paused run can be stopped, and aborted', async () => {
    const model = await fresh();
    const stopped = tinyTrainer(model, { args: { max_steps: 50 } }).train();
    await firstLog(stopped);
    await stopped.pause();
    const { global_step } = stopped.state;
    expect((await stopped.stop()).global_step).toBe(global_step);

    const controller = new AbortController();
    const aborted = tinyTrainer(model, { args: { max_steps: 50 } }).train({ signal: controller.signal });
    await firstLog(aborted);
    await aborted.pause();
    controller.abort('enough');
    await expect(Promise.resolve(aborted)).rejects.toBe('enough');
    await expectToTrain(model);
  });
});

describe('a run may have several reasons for a pause', () => {
  type Do = (run: TrainRun, page: Page) => Promise<void>;
  const pause: Do = (run) => run.pause();
  const resume: Do = (run) => run.resume();
  const hide: Do = async (_, page) => page.show('hidden');
  const show: Do = async (_, page) => page.show('visible');

  test.each<[string, Do[], string[]]>([
    ['paused, hidden, resumed, shown', [pause, hide, resume, show], ['paused user', 'paused hidden', 'resumed hidden']],
    ['hidden, paused, shown, resumed', [hide, pause, show, resume], ['paused hidden', 'paused user', 'resumed user']],
  ])('and resumes when none is left: %s', async (_, steps, told) => {
    const page = new Page();
    vi.stubGlobal('document', page);
    try {
      const run = tinyTrainer(await fresh(), { args: { max_steps: 12, whenHidden: 'pause' } }).train();
      await firstLog(run);
      for (const step of steps) {
        await step(run, page);
        if (step === steps[0]) await nextEvent(run, 'paused');
      }
      expect((await run).global_step).toBe(12);
      const reasons = (await toArray(run)).flatMap((event) =>
        'reason' in event ? [`${event.type} ${event.reason}`] : [],
      );
      expect(reasons).toEqual(told);
    } finally {
      vi.unstubAllGlobals();
    }
  });

  test('a pause that is resumed before it takes effect resolves, and two pauses resolve together', async () => {
    const run = tinyTrainer(await fresh(), { args: { max_steps: 30 } }).train();
    await firstLog(run);
    await Promise.all([run.pause(), run.resume()]);
    const twice = [run.pause(), run.pause()];
    await Promise.race(twice);
    const { global_step } = run.state;
    const submits = opened.calls('submit');
    await pass(60);
    expect([run.state.global_step, opened.calls('submit')]).toEqual([global_step, submits]);
    await Promise.all(twice);
    const stopped = run.stop();
    await run.pause();
    expect((await stopped).global_step).toBe(global_step);
  });
});

describe('stop', () => {
  test('keeps the trained values', async () => {
    const model = await fresh();
    const run = tinyTrainer(model, { args: { max_steps: 200 } }).train();
    await firstLog(run);
    const { global_step } = await run.stop();
    expect(global_step).toBeGreaterThan(0);
    expect(global_step).toBeLessThan(200);
    const same = await fresh();
    await tinyTrainer(same, { args: { max_steps: global_step } }).train();
    expect(await weightsOf(model)).toEqual(await weightsOf(same));
  });

  test('ends a run that still waits for its data', async () => {
    const model = await fresh();
    let closed = false;
    const asked = withResolvers();
    const endless = {
      async *[Symbol.asyncIterator](): AsyncGenerator<Example> {
        try {
          asked.resolve();
          for (;;) {
            await pass(1);
            yield tinyRows[0]!;
          }
        } finally {
          closed = true;
        }
      },
    };
    const run = tinyTrainer(model, { train_dataset: endless }).train();
    await asked.promise;
    expect(await run.stop()).toMatchObject({ global_step: 0 });
    await pass(20);
    expect(closed).toBe(true);
    await expectToTrain(model);
  });
});

test('aborting rejects with the reason, and a later run trains', async () => {
  const model = await fresh();
  const controller = new AbortController();
  const reason = new Error('the visitor left');
  const run = tinyTrainer(model, { args: { max_steps: 100 } }).train({ signal: controller.signal });
  await firstLog(run);
  controller.abort(reason);
  await expect(Promise.resolve(run)).rejects.toBe(reason);
  await expect(toArray(run)).rejects.toBe(reason);
  await expectToTrain(model);
  const already = tinyTrainer(model).train({ signal: AbortSignal.abort(reason) });
  await expect(Promise.resolve(already)).rejects.toBe(reason);
});

/** Waits for a run's end without handling its rejection. */
function over(run: Promise<unknown>): Promise<void> {
  if (!(run instanceof Followed)) throw new Error('expected a run');
  return new Promise((resolve) => run.whenOver(resolve));
}

test('errors of runs that no code awaits are unhandled rejections, and the model still works', async () => {
  const model = await fresh();
  const failing = tinyTrainer(model, { train_dataset: [{ input_ids: [99, 99] }] });
  const reason = new Error('enough');
  const found = await unhandledDuring(async () => {
    await over(failing.train());
    const controller = new AbortController();
    const aborted = tinyTrainer(model, { args: { max_steps: 50 } }).train({ signal: controller.signal });
    controller.abort(reason);
    await over(aborted);
    await over(model.generate([99]));
  });
  expect(found).toHaveLength(3);
  expect(found).toContain(reason);
  expect(found.filter((error) => error instanceof WebVeraError)).toHaveLength(2);
  await expectToTrain(model);
});
