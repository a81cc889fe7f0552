import { describe, expect, test, vi } from 'vitest';
import { MemoryStore } from '../../src/store/blob_store';
import { ProfileStore } from '../../src/store/profile_store';

test('parts change together, and parts that are not given stay', async () => {
  const profiles = new ProfileStore(new MemoryStore());
  expect(await profiles.get('ada', ['examples'])).toBeUndefined();
  await profiles.set('ada', { state: 1, examples: ['a'] });
  expect(await profiles.get('ada', ['examples', 'unfinished'])).toEqual({ state: 1, examples: ['a'] });
  await profiles.set('ada', { state: 2, unfinished: { args: {} } });
  const whole = { state: 2, examples: ['a'], unfinished: { args: {} } };
  expect(await profiles.get('ada', ['examples', 'feedback', 'unfinished'])).toEqual(whole);
});

test('only the state and the named parts are read', async () => {
  const store = new MemoryStore();
  const profiles = new ProfileStore(store);
  await profiles.set('ada', { state: 1, examples: ['a'], feedback: ['b'], unfinished: { args: {} } });
  const read = vi.spyOn(store, 'get');
  expect(await profiles.get('ada', [])).toEqual({ state: 1 });
  expect(await profiles.get('ada', ['feedback'])).toEqual({ state: 1, feedback: ['b'] });
  expect(read.mock.calls.flat()).toEqual(['profile/ada/state', 'profile/ada/state', 'profile/ada/feedback']);
});

test('any two ids are distinguished', async () => {
  const store = new MemoryStore();
  const profiles = new ProfileStore(store);
  await store.setMany([['adapter/ada/state', 1]]);
  const ids = ['a', 'a b', 'a%2Fb', 'a-2', 'a/b', 'state', 'ä b'];
  for (const id of ids) await profiles.set(id, { state: { born: id }, examples: [] });
  const listed = await profiles.list();
  expect(listed.map(({ id }) => id)).toEqual(ids); // sorted
  for (const { id, state } of listed) expect(state).toMatchObject({ born: id });
  for (const id of ids) await profiles.delete(id);
  expect(await store.keys()).toEqual(['adapter/ada/state']);
});

test('a list reads one profile after the other, and has the size of their weights in place of them', async () => {
  const store = new MemoryStore();
  const profiles = new ProfileStore(store);
  const vectors = (length: number) => ({ config: '{}', weights: new Uint8Array(length) });
  await profiles.set('ada', { state: { born: 'b1', vectors: vectors(40), previous: vectors(30) }, examples: ['a'] });
  await profiles.set('bob', { state: { born: 'b2', vectors: vectors(8), previous: null } });
  await profiles.set('damaged', { state: { vectors: { config: '{}', weights: 'none' } } });
  await profiles.set('nothing', { state: null });
  let reading = 0;
  const get = store.get.bind(store);
  vi.spyOn(store, 'get').mockImplementation(async (key) => {
    expect(reading++).toBe(0);
    return get(key).finally(() => reading--);
  });
  const empty = { config: '{}', weights: new Uint8Array() };
  expect(await profiles.list()).toEqual([
    { id: 'ada', state: { born: 'b1', vectors: empty, previous: empty }, weight_bytes: 70 },
    { id: 'bob', state: { born: 'b2', vectors: empty, previous: null }, weight_bytes: 8 },
    { id: 'damaged', state: { vectors: { config: '{}', weights: 'none' } }, weight_bytes: 0 },
    { id: 'nothing', state: {}, weight_bytes: 0 },
  ]);
});

test('a write for another profile of an id than the stored one stores nothing', async () => {
  const store = new MemoryStore();
  const profiles = new ProfileStore(store);
  expect(await profiles.set('ada', { state: { born: 'b1' } })).toBe(true);
  expect(await profiles.set('ada', { examples: ['a text'] }, 'b1')).toBe(true);
  expect(await profiles.set('ada', { examples: [] }, 'b2')).toBe(false);
  expect(await profiles.get('ada', ['examples'])).toMatchObject({ examples: ['a text'] });
  await store.deleteMany(await store.keys());
  expect(await profiles.set('ada', { state: { born: 'b1' } }, 'b1')).toBe(false);
  expect(await store.keys()).toEqual([]);
});

describe('features', () => {
  const ada = { id: 'ada', born: 'b1' };
  const features = { keys: ['k'], features: Float32Array.of(1, 2) };

  test('belong to one profile with an id, and are deleted with it', async () => {
    const store = new MemoryStore();
    const profiles = new ProfileStore(store);
    await profiles.set('ada', { state: { born: 'b1' } });
    await profiles.setFeatures(ada, features);
    expect(await profiles.features(ada)).toEqual(features);
    expect(await profiles.get('ada', [])).not.toHaveProperty('features');
    expect(await profiles.features({ ...ada, born: 'b2' })).toBeUndefined();
    expect(await profiles.delete('ada')).toBe(8);
    expect(await store.keys()).toEqual([]);
  });

  test.each([
    ['was forgotten', undefined],
    ['was replaced by another one', { born: 'b2' }],
    ['keeps no examples now', { born: 'b1', settings: { keep_examples: false } }],
  ])('are not stored for a profile that %s', async (_, state) => {
    const store = new MemoryStore();
    const profiles = new ProfileStore(store);
    if (state !== undefined) await profiles.set('ada', { state });
    await profiles.setFeatures(ada, features);
    expect(await store.get('profile/ada/features')).toBeUndefined();
  });

  test('are deleted alone', async () => {
    const profiles = new ProfileStore(new MemoryStore());
    await profiles.set('ada', { state: { born: 'b1' }, examples: ['a'] });
    await profiles.setFeatures(ada, features);
    await profiles.set('ada', { features: null });
    expect(await profiles.features(ada)).toBeNull();
    expect(await profiles.get('ada', ['examples'])).toMatchObject({ examples: ['a'] });
  });
});
