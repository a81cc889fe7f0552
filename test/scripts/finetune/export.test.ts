import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { unzipSync } from 'fflate';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { writeExport } from '../../../scripts/finetune/export.mjs';

const files = new Map([
  ['train.py', new Blob(['print()'])],
  ['checkpoint-4/run.json', new Blob(['{}'])],
]);
let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'webvera-test-'));
});

afterAll(() => rm(folder, { recursive: true }));

test('an exported run is written as a folder, or as one zip', async () => {
  const print = vi.spyOn(console, 'log').mockImplementation(() => {});
  await writeExport({ path: join(folder, 'run'), after: 2 }, files);
  await writeExport({ path: join(folder, 'new/run.zip'), after: 2 }, files);
  const zipped = unzipSync(await readFile(join(folder, 'new/run.zip')));
  expect(Object.keys(zipped).toSorted()).toEqual([...files.keys()].toSorted());
  for (const [name, blob] of files) {
    const bytes = new Uint8Array(await blob.arrayBuffer());
    expect(new Uint8Array(await readFile(join(folder, 'run', name)))).toEqual(bytes);
    expect(zipped[name]).toEqual(bytes);
  }
  expect(print.mock.lastCall?.[0]).toMatch(/run\.zip {2}\d+ B, to go on with in Python/);
  print.mockRestore();
});

test('a run that ended before its export writes nothing, and says so', async () => {
  const print = vi.spyOn(console, 'log').mockImplementation(() => {});
  await writeExport({ path: join(folder, 'none'), after: 2 }, undefined);
  expect(print.mock.calls).toEqual([[expect.stringContaining('ended before it stood still at step 2')]]);
  print.mockRestore();
  await expect(readFile(join(folder, 'none/train.py'))).rejects.toThrow('ENOENT');
});
