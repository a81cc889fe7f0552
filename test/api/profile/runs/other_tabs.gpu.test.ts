import { IDBFactory } from 'fake-indexeddb';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { Profile } from '../../../../src/index';
import { eventually } from '../../../helpers/eventually';
import { loadTiny } from '../../../helpers/models/tiny_llama';
import {
  habit,
  heard,
  profileOptions as options,
  stored,
  storedCheckpoints,
  visit,
  weightsOf,
  writingOf,
} from '../../../helpers/session/profiles';
import { FakeLocks } from '../../../worker/fake_locks';

/** Each test has a browser with empty storage. */
beforeEach(() => void vi.stubGlobal('indexedDB', new IDBFactory()));
afterEach(() => {
  vi.unstubAllGlobals();
  vi.restoreAllMocks();
});

describe('another tab', () => {
  test('learns, and its result is used here', async () => {
    vi.stubGlobal('navigator', { ...globalThis.navigator, locks: new FakeLocks().manager });
    await visit(async (here) => {
      await visit(async (there) => {
        const mine = await Profile.open(await loadTiny(here), 'ada', options);
        const theirs = await Profile.open(await loadTiny(there), 'ada', options);
        await theirs.add(habit(1));
        await theirs.learn();
        while (mine.info.history.length === 0) await heard(mine, 'change');
        expect(await writingOf(mine)).toEqual(await writingOf(theirs));
        expect(await weightsOf(mine)).toEqual(await weightsOf(theirs));
      });
    });
  });
});

test('a run that resumes by itself, late, is replaced by a requested one', async () => {
  const locks = new FakeLocks();
  vi.stubGlobal('navigator', { ...globalThis.navigator, locks: locks.manager });
  await visit(async (here) => {
    const base = await loadTiny(here);
    const mine = await visit(async (there) => {
      const theirs = await Profile.open(await loadTiny(there), 'ada', options);
      await theirs.add(habit(1));
      const run = theirs.learn({ args: { max_steps: 200, save_steps: 1 } });
      const failed = expect(Promise.resolve(run)).rejects.toMatchObject({ name: 'AbortError' });
      for await (const { type } of run) if (type === 'save') break;
      const opened = await Profile.open(base, 'ada');
      expect(opened.learning).toBeUndefined();
      await theirs.dispose();
      await failed;
      return opened;
    });
    await eventually(() => expect(mine.learning).toBeDefined());
    const late = mine.learning;
    const ended = expect(Promise.resolve(late)).rejects.toMatchObject({ name: 'AbortError', message: /learns anew/ });
    for (const wrong of [{ method: 'refine' }, { args: { max_steps: 0 } }] as const) {
      await expect(Promise.resolve(mine.learn(wrong))).rejects.toMatchObject({ code: 'invalid_argument' });
    }
    await expect(Promise.resolve(mine.learn({ signal: AbortSignal.abort('too late') }))).rejects.toBe('too late');
    expect(mine.learning).toBe(late);
    const run = mine.learn();
    const second = expect(Promise.resolve(mine.learn())).rejects.toMatchObject({ message: /learning already/ });
    await ended;
    await second;
    expect(mine.learning).toBe(run);
    expect(await run).toMatchObject({ global_step: 4 });
    expect(mine.learning).toBeUndefined();
    expect(mine.info.history).toHaveLength(1);
  });
  expect(locks.held).toEqual([]);
});

test('a tab that looks for an unfinished run prevents no other tab from learning', async () => {
  const locks = new FakeLocks();
  vi.stubGlobal('navigator', { ...globalThis.navigator, locks: locks.manager });
  await visit(async (here) => {
    const mine = await Profile.open(await loadTiny(here), 'ada', options);
    await mine.add(habit(1));
    await visit(async (there) => {
      const run = mine.learn();
      await run.pause();
      await Profile.open(await loadTiny(there), 'ada');
      await eventually(() => expect(locks.waiting('webvera:learn:ada')).toBe(1));
      await run.resume();
      await run;
      await mine.learn();
      await mine.rollback();
    });
    expect(locks.held).toEqual([]);
    await mine.learn();
    expect(mine.info.history).toHaveLength(3);
  });
});

test('a tab that loses its run to another one leaves the run and its checkpoints there', async () => {
  const locks = new FakeLocks();
  vi.stubGlobal('navigator', { ...globalThis.navigator, locks: locks.manager });
  const runLock = (): string => locks.held.find((held) => held.startsWith('webvera:run:')) ?? '';
  await visit(async (opened) => {
    const profile = await Profile.open(await loadTiny(opened), 'ada', options);
    await profile.add(habit(1));
    const run = profile.learn({ args: { max_steps: 200, save_steps: 1 } });
    for await (const { type } of run) if (type === 'save') break;
    // A browser releases the locks of a sleeping page, so another page can take this lock.
    locks.of('other').request(runLock(), { steal: true }, () => new Promise(() => {}));
    await expect(Promise.resolve(run)).rejects.toMatchObject({ code: 'locked_by_other_tab' });
    expect(profile.learning).toBeUndefined();
    expect((await stored()).get('profile/ada/unfinished')).not.toBeNull();
    expect(await storedCheckpoints()).not.toEqual([]);
  });
  locks.release(runLock());
  await visit(async (opened) => {
    const profile = await Profile.open(await loadTiny(opened), 'ada');
    expect(profile.learning).toBeDefined();
    await profile.learning?.stop();
    expect(profile.info.history).toHaveLength(1);
  });
});

test('a profile that is replaced keeps no checkpoints of a run that another tab took', async () => {
  const locks = new FakeLocks();
  vi.stubGlobal('navigator', { ...globalThis.navigator, locks: locks.manager });
  const runLock = (): string => locks.held.find((held) => held.startsWith('webvera:run:')) ?? '';
  await visit(async (opened) => {
    const profile = await Profile.open(await loadTiny(opened), 'ada', options);
    const files = await profile.export();
    await profile.add(habit(1));
    const run = profile.learn({ args: { max_steps: 200, save_steps: 1 } });
    for await (const { type } of run) if (type === 'save') break;
    locks.of('other').request(runLock(), { steal: true }, () => new Promise(() => {}));
    await expect(Promise.resolve(run)).rejects.toMatchObject({ code: 'locked_by_other_tab' });
    locks.release(runLock());
    expect(await storedCheckpoints()).not.toEqual([]);
    await profile.replace(files, { keep_examples: false });
    expect(await storedCheckpoints()).toEqual([]);
  });
});

test('a page that is busy for longer than it would wait for another tab learns, because no tab holds a lock', async () => {
  vi.stubGlobal('navigator', { ...globalThis.navigator, locks: new FakeLocks().manager });
  await visit(async (opened) => {
    const profile = await Profile.open(await loadTiny(opened), 'ada', options);
    await profile.add(habit(1));
    vi.spyOn(AbortSignal, 'timeout').mockImplementation(() => AbortSignal.abort('late'));
    expect((await profile.learn()).metrics.taken).toBe(1);
    await profile.rollback();
    await profile.replace(await profile.export());
  });
});
