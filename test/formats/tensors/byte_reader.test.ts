import { describe, expect, test } from 'vitest';
import { openFile } from '../../../src/core/input/file_source';
import { ByteReader } from '../../../src/formats/tensors/byte_reader';
import { MemorySource } from '../../helpers/session/memory_source';

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

describe.each([1, 7, 1000])('in chunks of %i bytes', (chunkBytes) => {
  test('fetched bytes can be taken without waiting, and the rest as before', async () => {
    const reader = await readerOf({ chunkBytes });
    await reader.fetch(10);
    expect(reader.has(10)).toBe(true);
    expect(reader.buffered.subarray(0, 10)).toEqual(file.subarray(0, 10));
    expect(reader.takeNow(3)).toEqual(file.subarray(0, 3));
    expect(reader.byteNow()).toBe(3);
    expect(await reader.take(50)).toEqual(file.subarray(4, 54));
    expect(await reader.peek(30)).toEqual(file.subarray(54, 84));
    await reader.fetch(40);
    expect(await reader.take(46)).toEqual(file.subarray(54));
    await reader.expectEnd();
  });

  test.each([true, false])('missing bytes are reported, size known: %s', async (sized) => {
    const reader = await readerOf({ chunkBytes, sized });
    await reader.skip(90);
    await reader.fetch(20);
    expect(reader.available).toBe(10);
    expect(() => reader.takeNow(20)).toThrow('file: expected 10 more bytes after 100, but the file ends');
    expect(() => reader.byteNow()).toThrow('file: expected 1 more bytes after 100, but the file ends');
  });
});
