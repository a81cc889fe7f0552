import { expect, test, vi } from 'vitest';
import { WebVeraError } from '../../../src/core/errors/error';
import { AdapterKeeper } from '../../../src/page/adapters/adapter_keeper';
import type { KeptAdapter } from '../../../src/worker/protocol';

const keptOf = (name: string): KeptAdapter => ({ name }) as KeptAdapter;

test('adapters are held while runs train, those that arrive meanwhile too, and again after the runs', async () => {
  const keep = vi.fn(async (name: string) => keptOf(name));
  const keeper = new AdapterKeeper(['a', 'b'], keep, () => false);
  expect(keep).not.toHaveBeenCalled();
  const first = keeper.begin(['a']);
  await first.kept;
  keeper.update(['a', 'b', 'c']);
  expect(keep.mock.calls.flat()).toEqual(['a', 'b', 'c']);
  const second = keeper.begin(['c']);
  await second.kept;
  expect(keep.mock.calls.flat()).toEqual(['a', 'b', 'c', 'c']);
  await first.close();
  expect(keep.mock.calls.flat()).toEqual(['a', 'b', 'c', 'c', 'a']);
  keeper.update(['a', 'c']);
  expect(await keeper.all()).toEqual(['a', 'c'].map(keptOf));
  await second.close();
  expect(keep).toHaveBeenCalledTimes(5);
});

test('a run is restored with the numbers that its adapters had when it began, even if another run held older ones', async () => {
  let version = 1;
  const keeper = new AdapterKeeper(
    ['a', 'b'],
    async (name) => keptOf(`${name}${version}`),
    () => false,
  );
  await keeper.begin(['a']).kept;
  version = 2;
  await keeper.begin(['b']).kept;
  expect(await keeper.all()).toEqual(['a1', 'b2'].map(keptOf));
});

test('copies of a lost model stay when a run begins or ends', async () => {
  let isLost = false;
  const keep = vi.fn(async (name: string) => keptOf(name));
  const keeper = new AdapterKeeper(['a', 'b'], keep, () => isLost);
  await keeper.begin(['a']).kept;
  isLost = true;
  await keeper.begin(['b']).close();
  expect(await keeper.all()).toEqual(['a', 'b'].map(keptOf));
  expect(keep).toHaveBeenCalledTimes(2);
});

test('an earlier copy stays if a new one fails', async () => {
  let isLost = false;
  const keep = vi.fn(async (name: string) => {
    if (isLost) throw new Error('lost meanwhile');
    return keptOf(name);
  });
  const keeper = new AdapterKeeper(['a', 'b'], keep, () => false);
  await keeper.begin(['a']).kept;
  isLost = true;
  await keeper.begin(['b']).close();
  await keeper.begin(['a']).kept;
  expect(keep.mock.calls.flat()).toEqual(['a', 'b', 'b', 'a']);
  expect(await keeper.all()).toEqual(['a', 'b'].map(keptOf));
});

test('a run that is closed at once copies its adapters anew for other runs, and nothing without any', async () => {
  const keep = vi.fn(async (name: string) => keptOf(name));
  const keeper = new AdapterKeeper(['a', 'b'], keep, () => false);
  await keeper.begin(['b']).close();
  expect(keep).not.toHaveBeenCalled();
  await keeper.begin(['a']).kept;
  await keeper.begin(['b']).close();
  expect(keep.mock.calls.flat()).toEqual(['a', 'b', 'b']);
});

test('an adapter that was lost before it was held is reported', async () => {
  const lost = new WebVeraError('device_lost', 'gone');
  const keeper = new AdapterKeeper(
    ['a'],
    () => Promise.reject(lost),
    () => false,
  );
  await keeper.begin(['a']).kept;
  await expect(keeper.all()).rejects.toMatchObject({
    code: 'not_found',
    message: /no copies of them were made yet/,
    cause: lost,
  });
});
