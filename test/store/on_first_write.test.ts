import { expect, test, vi } from 'vitest';
import { MemoryStore } from '../../src/store/blob_store';
import { onFirstWrite } from '../../src/store/on_first_write';
import { FaultStore } from './fault_store';

test('the first stored value is reported once, after it is written', async () => {
  const told = vi.fn();
  const inner = new MemoryStore();
  const store = onFirstWrite(new FaultStore(2, inner), told); // the first write fails
  expect(store.persistent).toBe(true);
  expect(await store.keys()).toEqual([]);
  await expect(store.setMany([['a', 1]])).rejects.toMatchObject({ code: 'storage_full' });
  expect(told).not.toHaveBeenCalled();
  await store.setMany([['a', 2]]);
  expect(await store.replace('a', 3)).toBe(2);
  expect(told).toHaveBeenCalledOnce();
  expect(await store.get('a')).toBe(3);
  expect(await store.move('a', 'b')).toBe('moved');
  expect(await inner.keys()).toEqual(['b']);
  await store.deleteMany(['b']);
  expect(await inner.keys()).toEqual([]);
});

test('a value in memory is not reported', async () => {
  const told = vi.fn();
  const store = onFirstWrite(new MemoryStore(), told);
  await store.setMany([['a', 1]]);
  await store.replace('a', 2);
  expect(told).not.toHaveBeenCalled();
});
