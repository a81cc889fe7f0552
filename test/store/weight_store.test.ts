import { expect, test } from 'vitest';
import { StoreError } from '../../src/store/store_error';
import { bytesName, type KeptFile, WeightStore } from '../../src/store/weight_store';
import { FaultStore } from './fault_store';
import { MemoryFiles } from './memory_files';

/** Files that can't be deleted while they are locked, like files that another tab writes in the browser's file system. */
class LockedFiles extends MemoryFiles {
  readonly locked = new Set<string>();

  override async delete(name: string): Promise<void> {
    if (this.locked.has(name)) throw new StoreError('locked_by_other_tab', 'A file is being written elsewhere');
    await super.delete(name);
  }
}

const partial = (file: string): KeptFile => ({
  state: 'partial',
  model: 'a/b',
  revision: '',
  folder: 'https://models.example/',
  file,
  size: undefined,
  tag: undefined,
  told: undefined,
  sha256: undefined,
  bytes: 1,
  chunks: ['00'],
});

test('a file that is being written keeps its record, and no other file stays', async () => {
  const files = new LockedFiles();
  const store = new WeightStore(new FaultStore(Number.POSITIVE_INFINITY), files);
  const records = ['1.safetensors', '2.safetensors', '3.safetensors'].map(partial);
  const names = await Promise.all(records.map(bytesName));
  for (const [index, record] of records.entries()) {
    const writer = await files.write(names[index]!);
    await writer.write(Uint8Array.of(1), 0);
    await writer.close();
    await store.set(record);
  }
  files.locked.add(names[0]!);
  await expect(store.delete(records)).rejects.toMatchObject({ code: 'locked_by_other_tab' });
  expect(await store.list()).toMatchObject([records[0]!]);
  expect([...files.held.keys()]).toEqual([names[0]]);

  files.locked.clear();
  await store.delete(await store.list());
  expect(await store.list()).toEqual([]);
  expect(files.held.size).toBe(0);
});
