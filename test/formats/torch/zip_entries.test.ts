import { describe, expect, test } from 'vitest';
import type { ByteStream } from '../../../src/core/input/file_source';
import { ByteReader } from '../../../src/formats/tensors/byte_reader';
import { ZipEntries } from '../../../src/formats/torch/zip_entries';
import { DIRECTORY, zipEntry } from '../../helpers/bytes/torch_bytes';

/** Makes a reader of an archive whose bytes arrive in these parts. */
function entriesOf(parts: Iterable<Uint8Array>): { readonly reader: ByteReader; readonly entries: ZipEntries } {
  const left = parts[Symbol.iterator]();
  const stream: ByteStream = {
    size: undefined,
    read: async () => left.next().value as Uint8Array<ArrayBuffer> | undefined,
    cancel: async () => {},
  };
  const reader = new ByteReader(stream, 'file');
  return { reader, entries: new ZipEntries(reader, 'file') };
}

const bytes = (length: number): Uint8Array => new Uint8Array(length).fill(7);

describe.each([false, true])('an entry whose sizes have eight bytes: %s', (isLong) => {
  test.each([0, 1, 100, 4096])('of %i bytes is taken by its size, or as a note', async (length) => {
    const { reader, entries } = entriesOf([...zipEntry('a', bytes(length), { isLong }), DIRECTORY]);
    const entry = await entries.next();
    expect(entry).toMatchObject({ name: 'a', isLong });
    await reader.skip(length);
    await entries.end(entry!, length);
    expect(await entries.next()).toBeUndefined();
    const again = entriesOf([...zipEntry('a', bytes(length), { isLong }), DIRECTORY]);
    expect(await again.entries.note((await again.entries.next())!)).toEqual(bytes(length));
    expect(await again.entries.next()).toBeUndefined();
  });

  test('with a wrong size is refused', async () => {
    const { reader, entries } = entriesOf([...zipEntry('a', bytes(8), { isLong, size: 9 }), DIRECTORY]);
    const entry = await entries.next();
    await reader.skip(8);
    await expect(entries.end(entry!, 8)).rejects.toThrow('expected 8 bytes in a, got 9');
  });

  test.each([4097, 2 ** 20])('of %i bytes is no note', async (length) => {
    const { entries } = entriesOf([...zipEntry('a', bytes(length), { isLong }), DIRECTORY]);
    const entry = await entries.next();
    await expect(entries.note(entry!)).rejects.toThrow('expected no a of more than 4096 bytes');
  });

  test('that is cut off is reported as such', async () => {
    const [header, name, content, descriptor] = zipEntry('a', bytes(8), { isLong });
    const { entries } = entriesOf([header, name, content, descriptor.subarray(0, -1)]);
    const entry = await entries.next();
    await expect(entries.note(entry!)).rejects.toMatchObject({ code: 'invalid_format', retryable: true });
  });
});

test.each([2 ** 32 - 1, 2 ** 32, 2 ** 32 + 4])('entries behind one of %i bytes are found', async (size) => {
  function* parts(): Generator<Uint8Array> {
    const [header, name, , descriptor] = zipEntry('large', bytes(0), { isLong: true, size });
    yield* [header, name];
    const zeros = new Uint8Array(2 ** 24);
    for (let left = size; left > 0; left -= zeros.length) yield zeros.subarray(0, left);
    yield* [descriptor, ...zipEntry('small', bytes(16), { isLong: true })];
    yield* [...zipEntry('version', Buffer.from('3\n'), { isLong: true }), DIRECTORY];
  }
  const { reader, entries } = entriesOf(parts());
  const large = await entries.next();
  await reader.skip(size);
  await entries.end(large!, size);
  const small = await entries.next();
  expect(await reader.take(16)).toEqual(bytes(16));
  await entries.end(small!, 16);
  expect(new TextDecoder().decode(await entries.note((await entries.next())!))).toBe('3\n');
  expect(await entries.next()).toBeUndefined();
});
