import { IDBFactory } from 'fake-indexeddb';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { adapters, Profile } from '../../../src/index';
import { ProfileStorage } from '../../../src/page/profile/storage/profile_storage';
import { linkKey } from '../../../src/page/session/session';
import { loadTiny } from '../../helpers/models/tiny_llama';
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
beforeEach(() => void vi.stubGlobal('indexedDB', new IDBFactory()));
afterEach(() => void vi.unstubAllGlobals());

describe('forgetting', () => {
  test('leaves no byte, and reports the number of deleted bytes', async () => {
    await visit(async (opened) => {
      const base = await loadTiny(opened);
      const profile = await Profile.open(base, 'ada', options);
      const other = await Profile.open(base, 'a/b. c', options);
      await profile.add(habit(1));
      await profile.learn();
      const { bytes } = profile.info;
      const run = profile.learn({ args: { max_steps: 500, save_steps: 1 } });
      const failed = expect(Promise.resolve(run)).rejects.toMatchObject({ code: 'not_found' });
      for await (const { type } of run) if (type === 'save') break;
      const gone = await profile.forget();
      await failed;
      expect(gone.bytes).toBeGreaterThanOrEqual(bytes);
      expect([...(await stored()).keys()]).toEqual(['profile/a%2Fb.%20c/state']);
      expect((await Profile.list({ session: opened.session })).map(({ id }) => id)).toEqual(['a/b. c']);
      expect(await writingOf(other)).toHaveLength(12);
      expect((await Profile.open(base, 'ada', options)).info.seen).toBe(0);
    });
  });

  test('reaches other tabs, and ends their runs', async () => {
    vi.stubGlobal('navigator', { ...globalThis.navigator, locks: new FakeLocks().manager });
    await visit(async (here) => {
      await visit(async (there) => {
        const mine = await Profile.open(await loadTiny(here), 'ada', options);
        const theirs = await Profile.open(await loadTiny(there), 'ada', options);
        const changed = heard(theirs, 'change');
        await mine.add(habit(1));
        await changed;
        expect(theirs.info.examples).toBe(12);
        const run = theirs.learn({ args: { max_steps: 500, save_steps: 1 } });
        const failed = expect(Promise.resolve(run)).rejects.toMatchObject({ code: 'not_found' });
        for await (const { type } of run) if (type === 'save') break;
        await expect(Promise.resolve(mine.learn())).rejects.toMatchObject({ code: 'locked_by_other_tab' });
        const told = heard(theirs, 'forgotten');
        await mine.forget();
        await Promise.all([told, failed]);
        expect([...(await stored()).keys()]).toEqual([]);
        await expect(theirs.add(habit(1))).rejects.toMatchObject({ code: 'invalid_argument' });
      });
    });
  });

  test('deletes everything that was stored', async () => {
    await visit(async (opened) => {
      const profile = await Profile.open(await loadTiny(opened), 'ada', options);
      await profile.add(habit(1));
      const run = profile.learn({ args: { max_steps: 500, save_steps: 1 } });
      const failed = expect(Promise.resolve(run)).rejects.toMatchObject({ code: 'not_found' });
      for await (const { type } of run) if (type === 'save') break;
      const told = heard(profile, 'forgotten');
      await adapters.wipe({ session: opened.session });
      await Promise.all([told, failed]);
      expect([...(await stored()).keys()]).toEqual([]);
    });
  });

  test('all of it isn’t undone by a change that began before', async () => {
    await visit(async (opened) => {
      await (await Profile.open(await loadTiny(opened), 'ada', options)).dispose();
      const { session } = opened;
      const storage = new ProfileStorage('ada', session[linkKey]);
      const change = storage.change(async (found) => {
        await adapters.wipe({ session });
        if (found === undefined) throw new Error('the profile is gone');
        return { state: found.state, examples: [] };
      });
      await expect(change).rejects.toMatchObject({ code: 'not_found' });
      expect([...(await stored()).keys()]).toEqual([]);
    });
  });

  test('needs no open profile, and no readable one', async () => {
    await visit(async (opened) => {
      const base = await loadTiny(opened);
      await (await Profile.open(base, 'ada', options)).dispose();
      const { session } = opened;
      expect((await Profile.forget('ada', { session })).bytes).toBeGreaterThan(0);
      expect(await Profile.list({ session })).toEqual([]);
      expect(await Profile.forget('ada', { session })).toEqual({ bytes: 0 });
      // Without Web Locks, `forget` also waits for the end of this page's run.
      const learner = await Profile.open(base, 'bob', options);
      await learner.add(habit(1));
      const run = learner.learn({ args: { max_steps: 500, save_steps: 1 } });
      const failed = expect(Promise.resolve(run)).rejects.toMatchObject({ code: 'not_found' });
      for await (const { type } of run) if (type === 'save') break;
      await Profile.forget('bob', { session });
      expect([...(await stored()).keys()]).toEqual([]);
      await failed;
    });
  });
});

describe('files', () => {
  test('move a profile to another browser', async () => {
    const { files, weights, info } = await visit(async (opened) => {
      const profile = await Profile.open(await loadTiny(opened), 'ada', options);
      await profile.add(habit(1));
      await profile.learn();
      return { files: await profile.export(), weights: await weightsOf(profile), info: profile.info };
    });
    expect([...files.keys()].sort()).toEqual([
      'adapter_config.json',
      'adapter_model.safetensors',
      'examples.jsonl',
      'profile.json',
    ]);
    vi.stubGlobal('indexedDB', new IDBFactory());
    await visit(async (opened) => {
      const base = await loadTiny(opened);
      const profile = await Profile.import(base, files, 'countess', options);
      await (await Profile.open(base, 'countess', options)).dispose();
      expect(profile.info).toMatchObject({ examples: 12, seen: 12, history: info.history, can_roll_back: false });
      expect(await weightsOf(profile)).toEqual(weights);
      await expect(Profile.import(base, files, 'countess')).rejects.toMatchObject({ code: 'invalid_argument' });
      const alone = Object.fromEntries([...files].filter(([name]) => name.startsWith('adapter')));
      const adapter = await Profile.import(base, alone, 'adapter alone');
      expect(await writingOf(adapter)).toEqual(await writingOf(profile));
      expect((await (await Profile.open(base, 'adapter alone')).export()).size).toBe(4);
    });
  });

  test('of an aborted import leave nothing', async () => {
    await visit(async (opened) => {
      const base = await loadTiny(opened);
      const profile = await Profile.open(base, 'ada', options);
      await profile.add(habit(1));
      const files = await profile.export();
      const controller = new AbortController();
      const { signal } = controller;
      const config = files.get('adapter_config.json') ?? new Blob();
      const read = Object.assign(new Blob([config]), {
        text() {
          controller.abort('enough');
          return config.text();
        },
      });
      const given = new Map([...files, ['adapter_config.json', read]]);
      await expect(Profile.import(base, files, 'bob', { signal: AbortSignal.abort('early') })).rejects.toBe('early');
      await expect(Profile.import(base, given, 'bob', { signal })).rejects.toBe('enough');
      expect((await Profile.import(base, files, 'bob')).info.examples).toBe(12);
    });
  });

  test('of two imports at a time are refused without harm to the other', async () => {
    await visit(async (opened) => {
      const base = await loadTiny(opened);
      const files = await (await Profile.open(base, 'ada', options)).export();
      const broken = new Map([...files, ['profile.json', new Blob(['{'])] as const]);
      const refused = expect(Profile.import(base, broken, 'bob')).rejects.toMatchObject({ code: 'invalid_format' });
      const other = Profile.import(base, files, 'bob');
      await refused;
      expect((await other).id).toBe('bob');
    });
  });

  test('with the largest counts make a profile that is added to, and opens again', async () => {
    await visit(async (opened) => {
      const base = await loadTiny(opened);
      const files = await (await Profile.open(base, 'ada', options)).export();
      const about = JSON.parse((await files.get('profile.json')?.text()) ?? '');
      const withSeen = (seen: number): typeof files =>
        new Map([...files, ['profile.json', new Blob([JSON.stringify({ ...about, seen })])]]);
      const tooLarge = withSeen(2 ** 50 + 1);
      await expect(Profile.import(base, tooLarge, 'bob')).rejects.toMatchObject({ code: 'invalid_format' });
      await (await Profile.import(base, withSeen(2 ** 50), 'bob')).add(habit(1));
      expect((await Profile.list({ session: opened.session })).map(({ id }) => id)).toEqual(['ada', 'bob']);
      expect((await Profile.open(base, 'bob')).info).toMatchObject({ examples: 12, seen: 2 ** 50 + 12 });
    });
  });

  test.each<[string, Record<string, string | undefined>, string]>([
    ['no weights', { 'adapter_model.safetensors': undefined }, 'invalid_format'],
    ['other weights', { 'adapter_model.safetensors': 'none' }, 'invalid_format'],
    ['no JSON', { 'profile.json': '{' }, 'invalid_format'],
    ['another kind', { 'profile.json': '{"webvera_profile": 2}' }, 'invalid_format'],
    ['fewer examples', { 'examples.jsonl': '{"text":"a"}' }, 'invalid_format'],
    ['no example', { 'profile.json': undefined, 'examples.jsonl': '{"a":1}' }, 'invalid_argument'],
    ['too many examples', { 'examples.jsonl': '{"text":"a"}\n'.repeat(100_001) }, 'limit_exceeded'],
  ])('are refused with %s, and nothing is stored', async (_, edits, code) => {
    await visit(async (opened) => {
      const base = await loadTiny(opened);
      const profile = await Profile.open(base, 'ada', options);
      await profile.add(habit(1));
      const files = new Map(await profile.export());
      for (const [name, text] of Object.entries(edits)) {
        if (text === undefined) files.delete(name);
        else files.set(name, new Blob([text]));
      }
      await expect(Profile.import(base, files, 'bob')).rejects.toMatchObject({ code });
      expect((await Profile.list({ session: opened.session })).map(({ id }) => id)).toEqual(['ada']);
      expect((await Profile.open(base, 'bob', options)).info.seen).toBe(0);
    });
  });
});
