import { describe, expect, test } from 'vitest';
import { MemoryStore } from '../../src/store/blob_store';
import { ProfileStore } from '../../src/store/profile_store';

test('parts change together, and parts that are not given stay', async () => {
  const profiles = new ProfileStore(new MemoryStore());
  expect(await profiles.get('ada')).toBeUndefined();
  await profiles.set('ada', { state: 1, examples: ['a'] });
  expect(await profiles.get('ada')).toEqual({ state: 1, examples: ['a'], unfinished: null });
  await profiles.set('ada', { state: 2, unfinished: { args: {} } });
  expect(await profiles.get('ada')).toEqual({ state: 2, examples: ['a'], unfinished: { args: {} } });
});

test('any two ids are distinguished', async () => {
  const store = new MemoryStore();
  const profiles = new ProfileStore(store);
  await store.setMany([['adapter/ada/state', 1]]);
  const ids = ['a', 'a b', 'a%2Fb', 'a-2', 'a/b', 'state', 'ä b'];
  for (const id of ids) await profiles.set(id, { state: id, examples: [] });
  const states = await profiles.states();
  expect(states.map(({ id }) => id)).toEqual(ids); // sorted
  for (const { id, state } of states) expect(state).toBe(id);
  for (const id of ids) await profiles.delete(id);
  expect(await store.keys()).toEqual(['adapter/ada/state']);
});

test('a write for another profile of an id than the stored one stores nothing', async () => {
  const store = new MemoryStore();
  const profiles = new ProfileStore(store);
  expect(await profiles.set('ada', { state: { born: 'b1' } })).toBe(true);
  expect(await profiles.set('ada', { examples: ['a text'] }, 'b1')).toBe(true);
  expect(await profiles.set('ada', { examples: [] }, 'b2')).toBe(false);
  expect(await profiles.get('ada')).toMatchObject({ examples: ['a text'] });
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
    expect(await profiles.get('ada')).not.toHaveProperty('features');
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
    expect(await profiles.get('ada')).toMatchObject({ examples: ['a'] });
  });
});
