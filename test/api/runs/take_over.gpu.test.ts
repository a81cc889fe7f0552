import { describe, expect, test, vi } from 'vitest';
import {
  checkpoints,
  get_peft_model,
  type TrainingArguments,
  type TrainOptions,
  type TrainRun,
  VeraConfig,
} from '../../../src/index';
import { IndexedDbStore } from '../../../src/store/indexeddb_store';
import { toArray } from '../../helpers/bytes/to_array';
import { loadTiny } from '../../helpers/models/tiny_llama';
import { tinyTrainer, weightsOf } from '../../helpers/models/tiny_training';
import { oneBrowser } from '../../helpers/session/one_browser';
import { resumedAdapter, resumedArgs, resumedRows, trained } from '../../helpers/session/resumed_run';
import { type TestSession, within } from '../../helpers/session/session';
import { FakeLocks } from '../../worker/fake_locks';

/** Arguments of a run that stores its state only at its end, which no test reaches. */
const long = { max_steps: 300, save_steps: 1000 } as const;
const taken = { code: 'locked_by_other_tab', retryable: false, detail: { taken_over: true } };

oneBrowser();

function withLocks(): FakeLocks {
  const locks = new FakeLocks();
  vi.stubGlobal('navigator', { ...globalThis.navigator, locks: locks.manager });
  return locks;
}

/** Prepares a run; the returned function begins it. */
async function ready(opened: TestSession, args: TrainingArguments = {}) {
  const model = await get_peft_model(await loadTiny(opened), new VeraConfig(resumedAdapter));
  const trainer = tinyTrainer(model, { train_dataset: resumedRows, args: { ...resumedArgs, ...long, ...args } });
  return (options: TrainOptions = {}) => {
    const run = trainer.train(options);
    const outcome = Promise.resolve(run).catch((error: unknown) => error);
    return { model, run, outcome };
  };
}

async function logged(run: TrainRun, step: number): Promise<void> {
  for await (const event of run) if (event.type === 'log' && event.logs.step >= step) return;
}

/** Runs `body` with two sessions, as in two tabs. */
const inTwoTabs = (body: (one: TestSession, other: TestSession) => Promise<void>): Promise<void> =>
  within({ store: 'auto' }, (one) => within({ store: 'auto' }, (other) => body(one, other)));

/** Returns the types of a run's events, even if the run fails. */
async function typesOf(run: TrainRun): Promise<string[]> {
  const types: string[] = [];
  try {
    for await (const { type } of run) types.push(type);
  } catch {}
  return types;
}

describe('a run that another tab takes over', () => {
  test('stops, saves, and continues there like an uninterrupted run', async () => {
    const straight = await trained({ init: { args: { ...long, save_strategy: 'no' } } });
    withLocks();
    await inTwoTabs(async (one, other) => {
      const [begin, beginThere] = [await ready(one), await ready(other)];
      const first = begin({ resume_from_checkpoint: true });
      await logged(first.run, 4);
      const refused = beginThere({ resume_from_checkpoint: true });
      expect(await refused.outcome).toMatchObject({ code: 'locked_by_other_tab', retryable: true, detail: {} });
      const second = beginThere({ take_over: true });
      expect(await first.outcome).toMatchObject(taken);
      const reached = first.run.state.global_step;
      expect(await typesOf(first.run)).toContain('save');
      expect(await second.outcome).toMatchObject({ global_step: 300 });
      const [restored] = await toArray(second.run);
      expect(restored).toMatchObject({ type: 'restored', checkpoint: `checkpoint-${reached}` });
      expect(await weightsOf(second.model)).toEqual(straight.weights);
      // The store now records the new owner, so that it rejects writes of the first run that are still in progress.
      const [kept] = await checkpoints.list({ session: one.session });
      const store = new IndexedDbStore('webvera', indexedDB);
      expect(await store.get(`checkpoint/${kept?.id}/owner`)).toBeTypeOf('string');
      await store.close();
    });
  });

  test('stops also while it is paused, and in the same session, without Web Locks', async () => {
    await within({ store: 'auto' }, async (opened) => {
      const first = (await ready(opened))({ resume_from_checkpoint: true });
      await logged(first.run, 4);
      await first.run.pause();
      const second = (await ready(opened, { max_steps: 20 }))({ take_over: true });
      await second.run;
      expect(await first.outcome).toMatchObject(taken);
      expect(await typesOf(second.run)).toContain('restored');
    });
  });

  test('begins anew if it is not to be resumed', async () => {
    withLocks();
    await inTwoTabs(async (one, other) => {
      const [begin, beginThere] = [await ready(one), await ready(other, { max_steps: 5 })];
      const first = begin({ resume_from_checkpoint: true });
      await logged(first.run, 2);
      const second = beginThere({ take_over: true, resume_from_checkpoint: false });
      await second.run;
      expect(await first.outcome).toMatchObject(taken);
      expect((await toArray(second.run))[0]).toMatchObject({ type: 'log', logs: { step: 1 } });
    });
  });

  test('isn’t saved if its strategy is no', async () => {
    withLocks();
    await inTwoTabs(async (one, other) => {
      const [begin, beginThere] = [await ready(one, { save_strategy: 'no' }), await ready(other, { max_steps: 5 })];
      const first = begin({ resume_from_checkpoint: true });
      await logged(first.run, 2);
      const second = beginThere({ take_over: true });
      await second.run;
      expect(await first.outcome).toMatchObject(taken);
      expect(await typesOf(first.run)).not.toContain('save');
      expect(await typesOf(second.run)).not.toContain('restored');
    });
  });

  test('begins, or resumes, if no tab trains it', async () => {
    withLocks();
    await within({ store: 'auto' }, async (opened) => {
      const first = (await ready(opened, { max_steps: 5 }))({ take_over: true });
      expect(await first.outcome).toMatchObject({ global_step: 5 });
      const second = (await ready(opened, { max_steps: 5 }))({ take_over: true });
      await second.run;
      expect(await typesOf(second.run)).toEqual(['restored']);
    });
  });
});

describe('a run whose lock was stolen', () => {
  /** Steals a run's lock, as another tab does if the holder doesn't answer its request. */
  function steal(locks: FakeLocks): void {
    const [name = ''] = locks.held.filter((held) => held.startsWith('webvera:run:'));
    locks.of('thief').request(name, { steal: true }, () => new Promise(() => {}));
  }

  const stored = async (): Promise<unknown[]> => {
    const store = new IndexedDbStore('webvera', indexedDB);
    const keys = (await store.keys()).filter((key) => key.startsWith('checkpoint/'));
    const values = await Promise.all(keys.map((key) => store.get(key)));
    await store.close();
    return values;
  };

  test('stops within a step, and writes nothing more', async () => {
    const locks = withLocks();
    await within({ store: 'auto' }, async (opened) => {
      const first = (await ready(opened))();
      await logged(first.run, 2);
      await first.run.pause();
      const before = await stored();
      expect(before).toHaveLength(2);
      const step = first.run.state.global_step;
      steal(locks);
      await first.run.resume();
      expect(await first.outcome).toMatchObject(taken);
      expect(first.run.state.global_step).toBeLessThanOrEqual(step + 1);
      expect(await stored()).toEqual(before);
    });
  });

  test("can't write before it notices, because its new owner’s name is in the store", async () => {
    withLocks();
    await within({ store: 'auto' }, async (opened) => {
      const first = (await ready(opened, { save_steps: 1 }))();
      for await (const { type } of first.run) if (type === 'save') break;
      const [kept] = await checkpoints.list({ session: opened.session });
      const store = new IndexedDbStore('webvera', indexedDB);
      await store.setMany([[`checkpoint/${kept?.id}/owner`, 'another tab']]);
      const before = await stored();
      expect(await first.outcome).toMatchObject({ code: 'locked_by_other_tab' });
      expect(await stored()).toEqual(before);
      await store.close();
    });
  });

  test('while its page slept, doesn’t overwrite what another tab has trained since', async () => {
    const locks = withLocks();
    await inTwoTabs(async (one, other) => {
      const often = { save_steps: 2 };
      const [begin, beginThere] = [await ready(one, often), await ready(other, often)];
      const first = begin({ resume_from_checkpoint: true });
      for await (const { type } of first.run) if (type === 'save') break;
      await first.run.pause();
      const [name = ''] = locks.held.filter((held) => held.startsWith('webvera:run:'));
      locks.release(name);
      const second = beginThere({ resume_from_checkpoint: true });
      await logged(second.run, first.run.state.global_step + 8);
      await second.run.stop();
      const before = await stored();
      await first.run.resume();
      expect(await first.outcome).toMatchObject({ code: 'locked_by_other_tab' });
      expect(await stored()).toEqual(before);
    });
  });

  test('while its page slept, ends when the page continues', async () => {
    const page = Object.assign(new EventTarget(), { visibilityState: 'visible', defaultView: new EventTarget() });
    vi.stubGlobal('document', page);
    const locks = withLocks();
    await within({ store: 'auto' }, async (opened) => {
      const first = (await ready(opened))({ resume_from_checkpoint: true });
      await logged(first.run, 2);
      await first.run.pause();
      const [name = ''] = locks.held;
      // Some browsers release a sleeping page's locks without informing it.
      locks.release(name);
      locks.of('other').request(name, () => new Promise(() => {}));
      page.dispatchEvent(new Event('resume'));
      expect(await first.outcome).toMatchObject(taken);
    });
  });
});
