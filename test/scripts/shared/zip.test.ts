import { strFromU8, unzipSync } from 'fflate';
import { expect, test } from 'vitest';
import { zipFiles } from '../../../scripts/shared/zip.mjs';

test('a zip contains files by their paths, also large and empty ones', async () => {
  const large = 'It was the whale. '.repeat(200_000);
  const files = new Map([
    ['run.json', new Blob(['{}'])],
    ['checkpoint-4/train.jsonl', new Blob([large])],
    ['empty.txt', new Blob([])],
  ]);
  const zip = await zipFiles(files);
  expect(zip.type).toBe('application/zip');
  expect(zip.size).toBeLessThan(large.length / 10);
  const found = Object.entries(unzipSync(new Uint8Array(await zip.arrayBuffer())));
  expect(found.map(([path, bytes]) => [path, strFromU8(bytes)])).toEqual([
    ['run.json', '{}'],
    ['checkpoint-4/train.jsonl', large],
    ['empty.txt', ''],
  ]);
});

test('a file that cannot be read fails the zip', async () => {
  const broken = Object.assign(new Blob(['x']), {
    stream: () => new ReadableStream({ pull: (controller) => controller.error(new Error('gone')) }),
  });
  await expect(zipFiles(new Map([['x', broken]]))).rejects.toThrow('gone');
});
