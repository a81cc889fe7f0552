import { IDBFactory, IDBObjectStore } from 'fake-indexeddb';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { Profile } from '../../../src/index';
import { ProfileStorage } from '../../../src/page/profile/storage/profile_storage';
import { loadTiny } from '../../helpers/models/tiny_llama';
import { firstLog } from '../../helpers/models/tiny_training';
import {
  habit,
  heard,
  profileOptions as options,
  stored,
  visit,
  weightsOf,
  writingOf,
} from '../../helpers/session/profiles';
import { FakeLocks } from '../../worker/fake_locks';

/** Each test has a browser with empty storage. */
beforeEach(() => {
  vi.stubGlobal('indexedDB', new IDBFactory());
  vi.stubGlobal('navigator', { ...globalThis.navigator, locks: new FakeLocks().manager });
});
afterEach(() => void vi.unstubAllGlobals());

const endless = { args: { max_steps: 500, save_steps: 1 } };

/** Returns the files, weights and history of a profile that has learnt other examples. */
async function elsewhere() {
  const made = await visit(async (opened) => {
    const profile = await Profile.open(await loadTiny(opened), 'bob', options);
    await profile.add(habit(5, 14));
    await profile.learn({ args: { learning_rate: 0.3 } });
    const { history } = profile.info;
    return { files: await profile.export(), weights: await weightsOf(profile), history };
  });
  vi.stubGlobal('indexedDB', new IDBFactory());
  return made;
}

test('files replace all that is stored, for all holders, and end the run', async () => {
  const { files, weights, history } = await elsewhere();
  await visit(async (here) => {
    await visit(async (there) => {
      const mine = await Profile.open(await loadTiny(here), 'ada', options);
      const theirs = await Profile.open(await loadTiny(there), 'ada', options);
      const lost = vi.fn();
      mine.addEventListener('forgotten', lost);
      theirs.addEventListener('forgotten', lost);
      await mine.add(habit(1));
      await mine.learn();
      const run = mine.learn(endless);
      const ended = expect(Promise.resolve(run)).rejects.toMatchObject({ name: 'AbortError' });
      for await (const { type } of run) if (type === 'save') break;
      await mine.replace(files);
      await ended;
      expect(mine.info).toMatchObject({ examples: 14, seen: 14, history, can_roll_back: false });
      expect(await weightsOf(mine)).toEqual(weights);
      const kept = [...(await stored())].filter(([, value]) => value !== null).map(([key]) => key);
      expect(kept.sort()).toEqual(['profile/ada/examples', 'profile/ada/feedback', 'profile/ada/state']); // and nothing of the run
      while (theirs.info.examples !== 14) await heard(theirs, 'change');
      expect(await writingOf(theirs)).toEqual(await writingOf(mine));
      expect(lost).not.toHaveBeenCalled();
      await mine.learn();
      expect(mine.info.history).toHaveLength(2);
    });
  });
});

test('files also replace what another tab held in memory alone', async () => {
  const { files } = await elsewhere();
  await visit(async (here) => {
    await visit(async (there) => {
      const mine = await Profile.open(await loadTiny(here), 'ada', { ...options, keep_examples: false });
      const theirs = await Profile.open(await loadTiny(there), 'ada', options);
      await theirs.add(habit(1, 3));
      await Promise.all([mine.replace(files, { keep_examples: false }), heard(theirs, 'change')]);
      expect(theirs.info.examples).toBe(0);
      expect(await theirs.add(habit(1, 3))).toBe(3);
      await mine.replace(files, { keep_examples: true });
      expect(await theirs.add(habit(1, 1))).toBe(15);
      const copy = await Profile.import(await loadTiny(here), await theirs.export(), 'copy');
      expect(copy.info.examples).toBe(15);
    });
  });
});

test('files that can’t replace a profile change neither it nor its run', async () => {
  const { files } = await elsewhere();
  await visit(async (here) => {
    await visit(async (there) => {
      const mine = await Profile.open(await loadTiny(here), 'ada', options);
      const theirs = await Profile.open(await loadTiny(there), 'ada', options);
      await mine.add(habit(1));
      const run = mine.learn(endless);
      await firstLog(run);
      const broken = new Map([...files, ['adapter_model.safetensors', new Blob(['none'])] as const]);
      await expect(mine.replace(broken)).rejects.toMatchObject({ code: 'invalid_format' });
      const reason = new Error('given up');
      await expect(mine.replace(files, { signal: AbortSignal.abort(reason) })).rejects.toBe(reason);
      const { session } = there;
      await expect(mine.replace(files, { session })).rejects.toMatchObject({ code: 'invalid_argument' });
      await expect(theirs.replace(files)).rejects.toMatchObject({ code: 'locked_by_other_tab' });
      expect(mine.learning).toBe(run);
      await run.stop();
      expect(mine.info).toMatchObject({ examples: 12, history: [{ examples: 11 }] });
      await mine.dispose();
      await expect(mine.replace(files)).rejects.toMatchObject({ code: 'invalid_argument' });
    });
  });
});

test('a profile is replaced whole or not at all', async () => {
  const { files } = await elsewhere();
  await visit(async (opened) => {
    const profile = await Profile.open(await loadTiny(opened), 'ada', options);
    await profile.add(habit(1));
    const { info } = profile;
    const [before, weights, text] = [await stored(), await weightsOf(profile), await writingOf(profile)];
    const put = vi.spyOn(IDBObjectStore.prototype, 'put').mockImplementation(() => {
      throw new DOMException('full', 'QuotaExceededError');
    });
    await expect(profile.replace(files)).rejects.toMatchObject({ code: 'storage_full' });
    put.mockRestore();
    // The call is aborted while its files are read.
    const abort = new AbortController();
    const config = files.get('adapter_config.json') ?? new Blob();
    const read = Object.assign(new Blob([config]), {
      text() {
        abort.abort();
        return config.text();
      },
    });
    const given = new Map([...files, ['adapter_config.json', read]]);
    await expect(profile.replace(given, { signal: abort.signal })).rejects.toMatchObject({ name: 'AbortError' });
    expect(await stored()).toEqual(before);
    expect(profile.info).toEqual(info);
    expect([await weightsOf(profile), await writingOf(profile)]).toEqual([weights, text]);
  });
});

test('what is learnt stays learnt if its checkpoints can’t be deleted, and the next run deletes them', async () => {
  await visit(async (here) => {
    const profile = await Profile.open(await loadTiny(here), 'ada', options);
    await profile.add(habit(1));
    const deletes = vi.spyOn(ProfileStorage.prototype, 'deleteCheckpoints');
    // The run begins by deleting those of the last one.
    deletes.mockResolvedValueOnce(0).mockRejectedValueOnce(new Error('no storage'));
    await profile.learn();
    expect(deletes).toHaveBeenCalledTimes(2);
    expect(profile.info.history).toHaveLength(1);
    deletes.mockRestore();
    await profile.learn();
    expect(profile.info.history).toHaveLength(2);
  });
});
