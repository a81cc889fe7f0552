import { expect, test } from 'vitest';
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
  const ids = ['a', 'a/b', 'a%2Fb', 'ä b', 'state'];
  for (const id of ids) await profiles.set(id, { state: id, examples: [] });
  const states = await profiles.states();
  expect(states.map(({ id }) => id).sort()).toEqual([...ids].sort());
  for (const { id, state } of states) expect(state).toBe(id);
  for (const id of ids) await profiles.delete(id);
  expect(await store.keys()).toEqual(['adapter/ada/state']);
});
