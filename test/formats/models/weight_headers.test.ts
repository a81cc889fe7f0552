import { readdirSync, readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { GgufFiles } from '../../../src/formats/gguf/gguf_files';
import { folderFiles } from '../../../src/formats/models/model_files';
import { writeSafetensors } from '../../../src/formats/tensors/safetensors';
import { ggufFile, ggufNames } from '../../helpers/golden/golden_gguf';
import { type Files, MemorySource } from '../../helpers/session/memory_source';

function filesIn(folder: string): Files {
  return Object.fromEntries(
    readdirSync(folder).map((name) => [name, new Uint8Array(readFileSync(`${folder}/${name}`))]),
  );
}

const sizeOf = (files: Files, pattern: RegExp): number =>
  Object.entries(files).reduce((sum, [name, { length }]) => sum + (pattern.test(name) ? length : 0), 0);

/** Reads all tensors, and returns their names, dtypes and shapes. */
async function tensorsOf(files: ReturnType<typeof folderFiles>) {
  const tensors = [];
  for await (const { name, dtype, shape } of files.tensors(() => true)) tensors.push({ name, dtype, shape });
  return tensors;
}

const byName = (a: { name: string }, b: { name: string }): number => (a.name < b.name ? -1 : 1);
const told = <T extends { name: string; dtype: string; shape: readonly number[] }>(tensors: readonly T[]) =>
  tensors.map(({ name, dtype, shape }) => ({ name, dtype, shape })).sort(byName);

test.each(['base/llama', 'base/qwen2-f16-shards'])('of %s', async (base) => {
  const files = filesIn(`test/golden/${base}`);
  const headers = await folderFiles(new MemorySource(files)).headers();
  expect(told(headers.tensors)).toEqual(told(await tensorsOf(folderFiles(new MemorySource(files)))));
  expect(headers.bytes).toBe(sizeOf(files, /\.safetensors$/));
  expect([...headers.files].sort()).toEqual(
    Object.keys(files)
      .filter((name) => name.endsWith('.safetensors'))
      .sort(),
  );
});

test.each([true, false])('the weights themselves aren’t read (size known: %s)', async (sized) => {
  const bytes = new Uint8Array(400_000);
  const file = writeSafetensors([['w', { dtype: 'F32', shape: [100, 1000], bytes }]]);
  const source = new MemorySource({ 'model.safetensors': file }, { sized });
  const headers = await folderFiles(source).headers();
  expect(headers).toEqual({
    tensors: [expect.objectContaining({ name: 'w', dtype: 'F32', shape: [100, 1000] })],
    bytes: file.length,
    files: ['model.safetensors'],
  });
  expect(source.bytesRead).toBe(1000);
  expect(source.cancelled).toEqual(['model.safetensors']);
});

const torchRows: readonly { situation: string; file: string; tensors: object | null }[] = JSON.parse(
  readFileSync('test/golden/torch_files.json', 'utf8'),
).rows;

test.each(torchRows.filter(({ tensors }) => tensors))('of PyTorch’s files: $situation', async ({ file }) => {
  const files = { 'pytorch_model.bin': new Uint8Array(Buffer.from(file, 'base64')) };
  const headers = await folderFiles(new MemorySource(files)).headers();
  expect(told(headers.tensors)).toEqual(told(await tensorsOf(folderFiles(new MemorySource(files)))));
  expect(headers.bytes).toBe(files['pytorch_model.bin'].length);
});

test.each(ggufNames)('of %s in GGUF', async (name) => {
  const files = { 'model.gguf': ggufFile(name) };
  const source = new MemorySource(files);
  const headers = await new GgufFiles(source, 'model.gguf').headers();
  expect(told(headers.tensors)).toEqual(told(await tensorsOf(new GgufFiles(new MemorySource(files), 'model.gguf'))));
  expect(headers.bytes).toBe(files['model.gguf'].length);
  expect(headers.files).toEqual(['model.gguf']);
  expect(source.cancelled).toContain('model.gguf');
});

test('a folder without weights gives the error of loading', async () => {
  await expect(folderFiles(new MemorySource({})).headers()).rejects.toMatchObject({ code: 'not_found' });
  const cut = { 'model.safetensors': Uint8Array.of(9, 0, 0) };
  await expect(folderFiles(new MemorySource(cut)).headers()).rejects.toMatchObject({ code: 'invalid_format' });
});
