import { describe, expect, test } from 'vitest';
import type { Warning } from '../../../src/core/errors/warning';
import { MemoryStore } from '../../../src/store/blob_store';
import { ProfileStore } from '../../../src/store/profile_store';
import { StoreError } from '../../../src/store/store_error';
import { readFeatures, StoredFeatures } from '../../../src/worker/runs/stored_features';

const ada = { id: 'ada', born: 'b1' };
const noWarning = ({ message }: Warning): void => {
  throw new Error(message);
};

async function profilesOf(store = new MemoryStore()): Promise<ProfileStore> {
  const profiles = new ProfileStore(store);
  await profiles.set('ada', { state: { born: 'b1' } });
  return profiles;
}

test('the features that a session used are those that the next one knows', async () => {
  const profiles = await profilesOf();
  const first = new StoredFeatures(profiles, ada, noWarning);
  expect(await first.known(2)).toEqual(new Map());
  const used = new Map([
    ['a', Float32Array.of(1, 2)],
    ['b', Float32Array.of(3, 4)],
  ]);
  await first.save(used, 2);
  expect(await first.known(2)).toEqual(used);
  const next = new StoredFeatures(profiles, ada, noWarning);
  expect(await next.known(2)).toEqual(used);
  const fewer = new Map([['b', Float32Array.of(3, 4)]]);
  await next.save(fewer, 2);
  expect(await next.known(2)).toEqual(fewer);
  expect(await new StoredFeatures(profiles, ada, noWarning).known(2)).toEqual(fewer);
});

test('only the first 8 MiB are stored', async () => {
  const profiles = await profilesOf();
  const features = new StoredFeatures(profiles, ada, noWarning);
  const size = 2 ** 20;
  await features.save(new Map(['a', 'b', 'c'].map((key) => [key, new Float32Array(size)])), size);
  expect([...(await new StoredFeatures(profiles, ada, noWarning).known(size)).keys()]).toEqual(['a', 'b']);
});

test('a full disk is reported, and the features are stored by the next call that can', async () => {
  const store = new MemoryStore();
  const profiles = await profilesOf(store);
  const warnings: Warning[] = [];
  const features = new StoredFeatures(profiles, ada, (warning) => warnings.push(warning));
  const used = new Map([['a', Float32Array.of(1)]]);
  const { setMany } = store;
  store.setMany = () => Promise.reject(new StoreError('storage_full', 'The disk is full'));
  await features.save(used, 1);
  expect(warnings).toMatchObject([{ code: 'storage_full' }]);
  store.setMany = setMany;
  await features.save(used, 1);
  expect(await new StoredFeatures(profiles, ada, noWarning).known(1)).toEqual(used);
});

test('features that the profile refused are stored by the next call whose profile keeps examples', async () => {
  const profiles = await profilesOf();
  const features = new StoredFeatures(profiles, ada, noWarning);
  const used = new Map([['a', Float32Array.of(1)]]);
  await profiles.set('ada', { state: { born: 'b1', settings: { keep_examples: false } } });
  await features.save(used, 1);
  await profiles.set('ada', { state: { born: 'b1' } });
  await features.save(used, 1);
  expect(await new StoredFeatures(profiles, ada, noWarning).known(1)).toEqual(used);
});

describe('damaged features count as none', () => {
  test.each<[string, unknown]>([
    ['no value', undefined],
    ['null', null],
    ['text', 'features'],
    ['no keys', { features: Float32Array.of(1, 2) }],
    ['keys that are no texts', { keys: [1], features: Float32Array.of(1, 2) }],
    ['a long key', { keys: ['k'.repeat(133)], features: Float32Array.of(1, 2) }],
    ['too few numbers', { keys: ['a', 'b'], features: Float32Array.of(1, 2) }],
    ['numbers in float64', { keys: ['a'], features: Float64Array.of(1, 2) }],
    ['a number that is not finite', { keys: ['a'], features: Float32Array.of(1, Number.NaN) }],
    ['too many numbers', { keys: Array(2 ** 20 + 1).fill('a'), features: new Float32Array(2 ** 21 + 2) }],
  ])('%s', (_, value) => {
    expect(readFeatures(value, 2)).toEqual(new Map());
  });
});
