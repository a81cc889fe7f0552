import { beforeEach, describe, expect, test, vi } from 'vitest';
import type { SentExample } from '../../../../src/core/types/training';
import { partsKey } from '../../../../src/page/models/remote_model';
import {
  listsOf,
  sampledData,
  splitData,
  storedChanges,
  withAdded,
} from '../../../../src/page/profile/feedback/profile_data';
import type { ProfileHost } from '../../../../src/page/profile/host';
import { freshState, openStored, usualSettings } from '../../../../src/page/profile/open';
import { forgetStored, ProfileStorage, readableInfos } from '../../../../src/page/profile/storage/profile_storage';
import { filesOf, infoOf, type ProfileState, written } from '../../../../src/page/profile/storage/record';
import { readUnfinished } from '../../../../src/page/profile/storage/unfinished_run';
import type { Link } from '../../../../src/page/rpc/link';
import { StoreLocks } from '../../../../src/page/rpc/store_locks';
import { MemoryStore } from '../../../../src/store/blob_store';
import { ProfileStore } from '../../../../src/store/profile_store';

const vectors = (length: number) => ({ config: '{}', weights: new Uint8Array(length) });
const begun = { base: 'b', base_model: null, labels: null, problem_type: null, vectors: vectors(40) };
const fresh = freshState({ ...begun, settings: usualSettings });
const run = { version: 0, args: {}, preferences: {}, ratings: {}, when: 'now', progress: null } as const;
const rated = { prompt: 'Dear', completion: ' sea', label: true };

/** The values that were read and written, by the ends of their keys. */
let read: string[];
let changed: string[];
let store: MemoryStore;
let storage: ProfileStorage;

beforeEach(async () => {
  store = new MemoryStore();
  const profiles = new ProfileStore(store);
  const calls = {
    readProfile: profiles.get.bind(profiles),
    writeProfile: profiles.set.bind(profiles),
    deleteProfile: profiles.delete.bind(profiles),
    deleteCheckpoints: async () => 0,
  };
  const request = async (name: keyof typeof calls, ...given: readonly unknown[]) =>
    (calls[name] as (...given: readonly unknown[]) => unknown)(...given);
  storage = new ProfileStorage('ada', { request, storeLocks: new StoreLocks(undefined) } as unknown as Link);
  await storage.change(async () => ({
    ...storedChanges(added(fresh, { text: 'a' }, rated)),
    unfinished: { ...run, method: 'instant' },
  }));
  [read, changed] = [[], []];
  const partOf = (key: string): string => key.slice(key.lastIndexOf('/') + 1);
  const { get, setMany } = store;
  vi.spyOn(store, 'get').mockImplementation((key) => {
    read.push(partOf(key));
    return get.call(store, key);
  });
  vi.spyOn(store, 'setMany').mockImplementation((entries, condition) => {
    changed.push(...entries.map(([key]) => partOf(key)));
    return setMany.call(store, entries, condition);
  });
});

function added(state: ProfileState, ...coming: readonly SentExample[]) {
  return withAdded(state, { examples: [], feedback: [] }, coming);
}

describe('a stored profile', () => {
  test('is read in the parts that are asked for', async () => {
    expect(await storage.read()).toMatchObject({
      state: fresh.born === '' ? {} : { born: fresh.born, example_count: 1 },
    });
    expect(read).toEqual(['state']);
    const stored = await storage.read('feedback', 'unfinished');
    expect(read).toEqual(['state', 'state', 'feedback', 'unfinished']);
    expect(stored?.feedback()).toEqual([{ n: 0, example: rated }]);
    expect(stored?.unfinished()).toEqual({ ...run, method: 'instant' });
  });

  test('is changed without reading or writing the other parts', async () => {
    await storage.update(fresh.born, ({ state }) => ({ state: { ...state, version: 1 } }));
    expect([read, changed]).toEqual([['state'], ['state']]);
    const example = { text: 'b' };
    const add = async (coming: SentExample) =>
      storage.update(
        fresh.born,
        (stored) => {
          const data = { examples: stored.examples(), feedback: stored.feedback() };
          return storedChanges(withAdded(stored.state, data, [coming]));
        },
        ...listsOf([coming]),
      );
    [read, changed] = [[], []];
    expect(await add(example)).toMatchObject({ seen: 2, example_count: 2, feedback: { seen: 1, ratings: 1 } });
    expect([read, changed]).toEqual([
      ['state', 'examples'],
      ['state', 'examples'],
    ]);
    [read, changed] = [[], []];
    expect(await add({ ...rated, label: false })).toMatchObject({
      example_count: 2,
      feedback: { seen: 1, ratings: 1 },
    });
    expect([read, changed]).toEqual([
      ['state', 'feedback'],
      ['state', 'feedback'],
    ]);
    const whole = await storage.read('examples', 'feedback');
    expect(whole?.examples()).toEqual([
      { n: 0, example: { text: 'a' } },
      { n: 1, example },
    ]);
    expect(whole?.feedback()).toEqual([{ n: 0, example: { ...rated, label: false } }]);
  });

  test('is forgotten without reading its data', async () => {
    const { bytes } = infoOf('ada', (await storage.read())?.state ?? fresh);
    read = [];
    expect(await forgetStored(storage)).toEqual({ bytes });
    expect(read).toEqual(['state', 'features']);
    expect(await store.keys()).toEqual([]);
  });

  test('is listed as it is when it is open, and a damaged one is not', async () => {
    const state = { ...fresh, previous: vectors(30) };
    await storage.change(async () => ({ state }));
    await store.setMany([['profile/bob/state', { ...fresh, format: 1, vectors: { config: '{}', weights: 'none' } }]]);
    expect(readableInfos(await new ProfileStore(store).list())).toEqual([infoOf('ada', state)]);
  });
});

test.each(['state', 'examples', 'unfinished'] as const)('%s of a newer version is not called damaged', async (part) => {
  await store.setMany([[`profile/ada/${part}`, { format: 2 }]]);
  const reading = storage.read('examples', 'unfinished').then((stored) => {
    stored?.examples();
    stored?.unfinished();
  });
  await expect(reading).rejects.toMatchObject({
    code: 'storage_corrupt',
    message: "The stored profile 'ada' can't be read: a newer version of webvera has written it",
    hint: 'Reload the page: its site may have a new version.',
    detail: {},
  });
});

test('a state of no version is damaged, which forgetting solves', async () => {
  await store.setMany([['profile/ada/state', { format: 0.5 }]]);
  await expect(storage.read()).rejects.toMatchObject({ code: 'storage_corrupt', detail: { solved_by: 'forget' } });
});

describe('after an older version, which knows no feedback,', () => {
  const host = {
    base: { config: {}, [partsKey]: { info: { task: { trainsHead: {} }, has_new_head: false } } },
    known: async () => ({ base: 'b', labels: null, problem_type: null }),
    newName: () => 'a',
    begin: async () => filesOf(vectors(40)),
    place: async () => {},
    remove: async () => {},
  } as unknown as ProfileHost;

  test('has written the state, an opened profile counts its feedback anew', async () => {
    const { feedback: _, ...older } = (await store.get('profile/ada/state')) as ProfileState;
    await store.setMany([['profile/ada/state', older]]);
    expect((await storage.read())?.state.feedback.seen).toBe(0);
    await openStored(host, storage, {});
    expect((await storage.read())?.state.feedback).toMatchObject({ seen: 1, ratings: 1, preferences: 0 });
    const again = await storage.read('examples', 'feedback');
    expect(infoOf('ada', again?.state ?? fresh)).toMatchObject({ examples: 1, ratings: 1 });
  });

  test('has forgotten a profile, a new one has none of the data that it left', async () => {
    await store.setMany([['profile/ada/features', { keys: [], features: new Float32Array() }]]);
    await store.deleteMany(['profile/ada/state']);
    await openStored(host, storage, {});
    const begun = await storage.read('examples', 'feedback', 'unfinished');
    expect([begun?.examples(), begun?.feedback(), begun?.unfinished()]).toEqual([[], [], undefined]);
    expect(await store.keys()).toEqual(['profile/ada/state']);
  });
});

describe('stored lists', () => {
  test('stay as they are if they fit', () => {
    const { data } = added(fresh, { text: 'a' }, { text: 'b' }, rated);
    const all = { examples: [], feedback: [], ...data };
    expect(sampledData(fresh, all)).toEqual({});
    const one = { ...fresh, seen: 2, settings: { ...usualSettings, max_examples: 1 } };
    expect(sampledData(one, all)).toEqual({ examples: [expect.anything()] });
  });

  test('are deleted if examples are no longer stored', () => {
    const { state } = added(fresh, { text: 'a' }, rated);
    const none = { ...state, settings: { ...usualSettings, keep_examples: false } };
    expect(storedChanges({ state: none, data: {} })).toEqual({
      state: {
        ...none,
        example_count: 0,
        example_bytes: 0,
        feedback: { seen: 1, ratings: 0, preferences: 0, bytes: 0 },
      },
      examples: [],
      feedback: [],
      unfinished: null,
      features: null,
    });
  });

  test('are bounded, whether they are stored or not', () => {
    for (const keep_examples of [true, false]) {
      const state = { ...fresh, settings: { ...usualSettings, keep_examples } };
      expect(() => storedChanges(added(state, { text: 'x'.repeat(2 ** 24) }))).toThrow(
        expect.objectContaining({ code: 'limit_exceeded' }),
      );
    }
  });
});

describe('an unfinished run', () => {
  test('may be stored without examples', () => {
    const instant = { ...run, method: 'instant' } as const;
    expect(readUnfinished('ada', written(instant))).toEqual(instant);
  });

  test('keeps the examples of its own, also without their places, as older versions stored it', () => {
    const { data } = added(fresh, ...Array.from({ length: 12 }, (_, n) => ({ text: `${n}` })));
    const examples = splitData({ examples: [], feedback: [], ...data });
    const whole = { ...run, method: 'refine', ...examples } as const;
    expect(readUnfinished('ada', written(whole))).toEqual(whole);
    const { learnt, held } = examples;
    const older = { ...run, learnt, held };
    const places = { learnt_places: [...learnt.keys()], held_places: held.map((_, index) => learnt.length + index) };
    expect(readUnfinished('ada', written(older))).toEqual({ ...older, method: 'train', ...places });
  });
});
