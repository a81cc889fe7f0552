import { IDBFactory } from 'fake-indexeddb';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { AutoModelForSequenceClassification, Profile } from '../../../src/index';
import { IndexedDbStore } from '../../../src/store/indexeddb_store';
import { goldenBase } from '../../helpers/golden/golden';
import { type TestSession, within } from '../../helpers/session/session';

beforeEach(() => {
  vi.stubGlobal('indexedDB', new IDBFactory());
});
afterEach(() => {
  vi.unstubAllGlobals();
});

const colours = ['red', 'green', 'blue'];
const load = ({ session }: TestSession) =>
  AutoModelForSequenceClassification.from_pretrained(goldenBase('base/bert'), { session, id2label: { ...colours } });
const visit = <T>(body: (opened: TestSession) => Promise<T>) => within({ store: 'auto' }, body);
const rows = (count: number, first = 0) =>
  Array.from({ length: count }, (_, at) => first + at).map((index) => ({
    input_ids: [10 + (index % 3), 20 + (index % 60), 40 + (index % 3), 50],
    label: index % 3,
  }));
const options = { peft_config: { r: 8 }, args: { per_device_train_batch_size: 12 } };
const KEY = 'profile/ada/features';

/** Reads the features that the page's sessions have stored. */
async function stored(): Promise<unknown> {
  const store = new IndexedDbStore('webvera', indexedDB);
  const value = await store.get(KEY);
  await store.close();
  return value;
}

test('another visit computes the features of new examples alone, and learns the same', async () => {
  const first = await visit(async (opened) => {
    const profile = await Profile.open(await load(opened), 'ada', options);
    await profile.add(rows(24));
    expect((await profile.learn({ method: 'instant' })).metrics.computed).toBe(24);
    return (await profile.learn({ method: 'instant' })).metrics;
  });
  await visit(async (opened) => {
    const profile = await Profile.open(await load(opened), 'ada');
    const { metrics } = await profile.learn({ method: 'instant' });
    const { seconds, ...figures } = metrics;
    expect(first).toMatchObject(figures);
    expect(metrics.computed).toBe(0);
    await profile.add(rows(2, 24));
    expect((await profile.learn({ method: 'instant' })).metrics.computed).toBe(2);
  });
});

test('after a refinement, another visit knows the features of the vectors that were chosen', async () => {
  await visit(async (opened) => {
    const profile = await Profile.open(await load(opened), 'ada', options);
    await profile.add(rows(12));
    await profile.learn({ method: 'refine', args: { max_steps: 2 } });
  });
  await visit(async (opened) => {
    const profile = await Profile.open(await load(opened), 'ada');
    expect((await profile.learn({ method: 'instant' })).metrics.computed).toBe(0);
  });
});

test('damaged features are computed again', async () => {
  const learn = async (opened: TestSession) => {
    const profile = await Profile.open(await load(opened), 'ada', options);
    if (profile.info.examples === 0) await profile.add(rows(6));
    return (await profile.learn({ method: 'instant' })).metrics.computed;
  };
  await visit(learn);
  const store = new IndexedDbStore('webvera', indexedDB);
  await store.setMany([[KEY, { keys: ['a'], features: 'none' }]]);
  await store.close();
  expect(await visit(learn)).toBe(6);
  expect(await visit(learn)).toBe(0);
});

test('a forgotten profile leaves no features, and one that keeps no examples stores none', async () => {
  await visit(async (opened) => {
    const base = await load(opened);
    const profile = await Profile.open(base, 'ada', options);
    await profile.add(rows(6));
    await profile.learn({ method: 'instant' });
    expect(await stored()).toMatchObject({ features: expect.any(Float32Array) });
    await profile.forget();
    expect(await stored()).toBeUndefined();
    const private_ = await Profile.open(base, 'ada', { ...options, keep_examples: false });
    await private_.add(rows(6));
    await private_.learn({ method: 'instant' });
    expect((await stored()) ?? null).toBeNull();
  });
});

test('a profile that stops keeping examples deletes their features', async () => {
  await visit(async (opened) => {
    const base = await load(opened);
    const profile = await Profile.open(base, 'ada', options);
    await profile.add(rows(6));
    await profile.learn({ method: 'instant' });
    await profile.dispose();
    await Profile.open(base, 'ada', { keep_examples: false });
    expect(await stored()).toBeNull();
  });
});
