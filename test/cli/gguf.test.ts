import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { readGguf } from '../../scripts/cli/gguf.mjs';
import { ggufBytes } from '../helpers/bytes/gguf_bytes';

const folder = mkdtempSync(join(tmpdir(), 'webvera-'));
afterAll(() => rmSync(folder, { recursive: true }));

function written(name: string, bytes: Uint8Array): string {
  const path = join(folder, name);
  writeFileSync(path, bytes);
  return path;
}

test('inspect reads the header of a GGUF file', async () => {
  const fields = { 'general.architecture': 'llama', 'llama.block_count': 2, 'tokenizer.ggml.tokens': ['a', 'b'] };
  const tensors = [{ name: 'output.weight', shape: [3, 4] }];
  const path = written('a.gguf', ggufBytes({ fields, tensors, data: new Uint8Array(48) }));
  expect(await readGguf(path)).toEqual({
    facts: { 'general.architecture': 'llama', 'llama.block_count': 2 },
    tensors: [{ name: 'output.weight', dtype: 'F32', shape: [3, 4], bytes: 48 }],
  });
});

test('inspect names the types of tensors that the library cannot load', async () => {
  const tensors = [
    { name: 'a', shape: [2, 256], type: 11 },
    { name: 'b', shape: [32], type: 99, offset: 224 },
  ];
  const { tensors: found } = await readGguf(written('q3.gguf', ggufBytes({ tensors, data: new Uint8Array(240) })));
  expect(found).toEqual([
    { name: 'a', dtype: 'Q3_K', shape: [2, 256], bytes: 224 },
    { name: 'b', dtype: 'type 99', shape: [32], bytes: 16 },
  ]);
});

test('inspect reports the fault of a broken GGUF file', async () => {
  await expect(readGguf(written('b.gguf', new Uint8Array(64)))).rejects.toThrow('b.gguf: expected GGUF at its start');
});
