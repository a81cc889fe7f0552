import { IDBFactory } from 'fake-indexeddb';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { get_peft_model, Profile, type SessionOptions, VeraConfig } from '../../src/index';
import { loadTiny } from '../helpers/models/tiny_llama';
import { tinyTrainer } from '../helpers/models/tiny_training';
import { habit, profileOptions } from '../helpers/session/profiles';
import { resumedAdapter, resumedArgs, resumedRows } from '../helpers/session/resumed_run';
import { type TestSession, within } from '../helpers/session/session';
import { FakeLocks } from '../worker/fake_locks';

const resumes = { resume_from_checkpoint: true };
let locks: FakeLocks;

beforeEach(() => {
  locks = new FakeLocks();
  vi.stubGlobal('navigator', { ...globalThis.navigator, locks: locks.manager });
});
afterEach(() => void vi.unstubAllGlobals());

const inTwoTabs = (options: SessionOptions, body: (one: TestSession, other: TestSession) => Promise<void>) =>
  within(options, (one) => within(options, (other) => body(one, other)));

async function profileOf(opened: TestSession): Promise<Profile> {
  const profile = await Profile.open(await loadTiny(opened), 'ada', profileOptions);
  await profile.add(habit(1));
  return profile;
}

async function trainerOf(opened: TestSession) {
  const model = await get_peft_model(await loadTiny(opened), new VeraConfig(resumedAdapter));
  const args = { ...resumedArgs, max_steps: 4, save_steps: 1 };
  return tinyTrainer(model, { train_dataset: resumedRows, args });
}

describe.each<[string, SessionOptions]>([
  ['that is memory', { store: 'memory' }],
  ['whose place memory has taken', { store: 'auto' }], // there is no IndexedDB
])('with a store %s', (_, options) => {
  test('profiles of one name in two tabs are different, and learn at the same time', async () => {
    await inTwoTabs(options, async (one, other) => {
      const [mine, theirs] = [await profileOf(one), await profileOf(other)];
      const run = mine.learn();
      await run.pause();
      expect(await theirs.learn()).toMatchObject({ global_step: 4 });
      expect(await theirs.forget()).toMatchObject({ bytes: expect.any(Number) });
      await run.resume();
      expect(await run).toMatchObject({ global_step: 4 });
      expect(locks.held).toEqual([]);
    });
  });

  test('within one, only one run at a time learns for a profile', async () => {
    await within(options, async (one) => {
      const mine = await profileOf(one);
      const run = mine.learn();
      await run.pause();
      const again = await Profile.open(await loadTiny(one), 'ada');
      await expect(Promise.resolve(again.learn())).rejects.toMatchObject({ code: 'locked_by_other_tab' });
      await run.resume();
      await run;
    });
  });

  test('equal runs in two tabs are different, and both are stored', async () => {
    await inTwoTabs(options, async (one, other) => {
      const [mine, theirs] = [await trainerOf(one), await trainerOf(other)];
      const run = mine.train(resumes);
      await run.pause();
      expect(await theirs.train(resumes)).toMatchObject({ global_step: 4 });
      await run.resume();
      expect(await run).toMatchObject({ global_step: 4 });
    });
  });
});

test('with a shared store one of two tabs learns', async () => {
  vi.stubGlobal('indexedDB', new IDBFactory());
  await inTwoTabs({ store: 'auto' }, async (one, other) => {
    const [mine, theirs] = [await profileOf(one), await profileOf(other)];
    const run = mine.learn();
    await run.pause();
    await expect(Promise.resolve(theirs.learn())).rejects.toMatchObject({ code: 'locked_by_other_tab' });
    await run.resume();
    await run;
  });
});
