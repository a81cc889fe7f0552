import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { defaultLimits } from '../../../src/core/types/source';
import { readSafetensors, writeSafetensors } from '../../../src/formats/tensors/safetensors';
import { openSource } from '../../../src/hub/open_source';
import { readAdapterBytes } from '../../../src/worker/storage/adapter_files';
import { stateDictFile, torchFile } from '../../helpers/bytes/torch_bytes';

const read = (files: Readonly<Record<string, BlobPart>>, limits = defaultLimits) => {
  const blobs = Object.entries({ 'adapter_config.json': '{}', ...files }).map(
    ([name, part]) => [name, new Blob([part])] as const,
  );
  return readAdapterBytes(openSource({ files: new Map(blobs) }), limits);
};
const floats = Float32Array.of(1, -2, 3, 0.5);
const matrix = { dtype: 'F32', shape: [2, 2], bytes: new Uint8Array(floats.buffer) } as const;

test.each([
  [['adapter_config.json', 'pytorch_model.bin'], 'adapter_model.safetensors'],
  [['config.json', 'model.safetensors'], 'adapter_config.json'],
])('a folder with %j lacks %s of an adapter, and the hint says what to do', async (names, missing) => {
  const files = new Map(names.map((name) => [name, new Blob(['{}'])]));
  await expect(readAdapterBytes(openSource({ files }), defaultLimits)).rejects.toMatchObject({
    code: 'not_found',
    message: `Expected ${missing} in the given files, but there is no such file`,
    hint: expect.stringMatching(
      /^An adapter is adapter_config.json and .* or adapter_model.bin; .* AutoModel class\.$/,
    ),
    detail: { files: [missing] },
  });
});

describe('an adapter_model.bin', () => {
  test('is read as a safetensors file of the same numbers, in each dtype', async () => {
    const { rows } = JSON.parse(readFileSync('test/golden/torch_files.json', 'utf8')) as {
      rows: { situation: string; file: string; tensors: Record<string, { dtype: string; bytes: string }> }[];
    };
    const { file, tensors } = rows.find(({ situation }) => situation === 'all dtypes')!;
    const { model } = await read({ 'adapter_model.bin': Buffer.from(file, 'base64') });
    const found = [...readSafetensors(model).tensors].map(
      ([name, { bytes, ...tensor }]) => [name, { ...tensor, bytes: Buffer.from(bytes).toString('base64') }] as const,
    );
    expect(Object.fromEntries(found)).toEqual(tensors);
    expect(found.map(([, { dtype }]) => dtype)).toEqual(expect.arrayContaining(['F32', 'F16', 'BF16']));
  });

  test('is not read beside an adapter_model.safetensors', async () => {
    const safe = writeSafetensors([['a', matrix]]);
    const { model } = await read({ 'adapter_model.safetensors': safe, 'adapter_model.bin': 'no file of torch' });
    expect(model).toEqual(safe);
  });

  test('is subject to the limit for adapters, and so are tensors of one storage together', async () => {
    const large = { dtype: 'F32', shape: [10_000], bytes: new Uint8Array(40_000) } as const;
    const tied = (count: number) => stateDictFile(Array.from({ length: count }, (_, index) => [`a${index}`, large]));
    const [one, many] = [tied(1), tied(20)];
    await read({ 'adapter_model.bin': one }, { ...defaultLimits, adapter: one.length });
    for (const [file, adapter] of [
      [one, one.length - 1],
      [many, many.length],
    ] as const) {
      const reading = read({ 'adapter_model.bin': file }, { ...defaultLimits, adapter });
      await expect(reading).rejects.toMatchObject({
        code: 'limit_exceeded',
        message: expect.stringMatching(/^adapter_model\.bin: expected at most/),
      });
    }
  });

  test.each([
    ['that calls a function', torchFile('\x80\x02cposix\nsystem\nX\x01\0\0\0a\x85R.'), '"posix.system"'],
    ['that is cut off', stateDictFile([['a', matrix]]).subarray(0, 200), 'adapter_model.bin'],
    ['with a name that safetensors keeps for itself', stateDictFile([['__metadata__', matrix]]), '"__metadata__"'],
    ['of other bytes', new TextEncoder().encode('<html>'), 'adapter_model.bin'],
  ])('%s is invalid_format', async (_, file, message) => {
    await expect(read({ 'adapter_model.bin': file })).rejects.toMatchObject({
      code: 'invalid_format',
      message: expect.stringContaining(message),
    });
  });
});
