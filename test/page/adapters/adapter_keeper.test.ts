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
  first.close();
  expect(keep.mock.calls.flat()).toEqual(['a', 'b', 'c', 'a']);
  keeper.update(['a', 'c']);
  expect(await keeper.all()).toEqual(['a', 'c'].map(keptOf));
  second.close();
  expect(keep).toHaveBeenCalledTimes(4);
});

test('an adapter that was lost before it was held is reported', async () => {
  const lost = new WebVeraError('device_lost', 'gone');
  const keeper = new AdapterKeeper(
    ['a'],
    () => Promise.reject(lost),
    () => false,
  );
  await keeper.begin(['a']).kept;
  await expect(keeper.all()).rejects.toMatchObject({ code: 'not_found', message: /hadn't been kept yet/, cause: lost });
});
