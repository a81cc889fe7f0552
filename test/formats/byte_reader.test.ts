import { expect, test } from 'vitest';
import { openFile } from '../../src/core/files';
import { ByteReader } from '../../src/formats/byte_reader';
import { MemorySource } from '../helpers/memory_source';

const file = Uint8Array.from({ length: 100 }, (_, index) => index);

async function readerOf({ chunkBytes = 7, sized = true } = {}): Promise<ByteReader> {
  return new ByteReader(await openFile(new MemorySource({ file }, { chunkBytes, sized }), 'file'), 'file');
}

test.each([0.75, 6.5, -1, Number.NaN, Number.POSITIVE_INFINITY])('%s bytes are no number of bytes', async (length) => {
  const reader = await readerOf();
  await expect(reader.take(length)).rejects.toThrow(RangeError);
  await expect(reader.skip(length)).rejects.toThrow(RangeError);
  expect(await reader.take(2)).toEqual(Uint8Array.of(0, 1));
});
