import { afterEach, describe, expect, test, vi } from 'vitest';
import { GgufFiles } from '../../../src/formats/gguf/gguf_files';
import { folderFiles } from '../../../src/formats/models/model_files';
import { ggufBytes } from '../../helpers/bytes/gguf_bytes';
import { DIRECTORY, torchFile, zipEntry } from '../../helpers/bytes/torch_bytes';
import { MemorySource } from '../../helpers/session/memory_source';

afterEach(() => void vi.restoreAllMocks());

/** Makes a source that returns a file in a single chunk. */
const sourceOf = (name: string, file: Uint8Array): MemorySource =>
  new MemorySource({ [name]: file }, { chunkBytes: file.length });

async function readTorch(file: Uint8Array): Promise<void> {
  for await (const { take } of folderFiles(sourceOf('pytorch_model.bin', file)).tensors(() => true)) await take();
}

const MOST_TURNS = 20_000;
const texts = ggufBytes({ fields: { 'general.architecture': 'llama', texts: Array(36_000).fill('') } });
const pickle = torchFile(`\x80\x02${'N'.repeat(300_000)}}.`);
const note = Buffer.concat(zipEntry('model/note', new Uint8Array(4000)));
const begin = torchFile('\x80\x02}.').slice(0, -DIRECTORY.length);
const notes = new Uint8Array(Buffer.concat([begin, ...Array<Buffer>(75).fill(note), DIRECTORY]));

describe.each<[string, () => Promise<unknown>]>([
  ['a list of texts', () => new GgufFiles(sourceOf('file', texts), 'file').tokenizer()],
  ['a pickle', () => readTorch(pickle)],
  ['notes', () => readTorch(notes)],
])('%s of 300 kB in small parts', (_, read) => {
  test('is read without waiting as far as it has arrived', async () => {
    // The first call isn't counted: it imports the reader's code, and that doesn't end within microtasks.
    await read();
    // The clock stands still, so the reader never pauses to let other work run.
    vi.spyOn(performance, 'now').mockReturnValue(0);
    let isDone = false;
    const reading = read().finally(() => {
      isDone = true;
    });
    let turns = 0;
    for (; !isDone && turns < MOST_TURNS; turns++) await undefined;
    await reading;
    // The reader may await each of the last four thousand bytes, because it doesn't know that no more bytes follow.
    expect(turns).toBeLessThan(MOST_TURNS);
  });

  test('gives way to others as time goes by', async () => {
    let now = 0;
    vi.spyOn(performance, 'now').mockImplementation(() => {
      now += 1000;
      return now;
    });
    const timers = vi.spyOn(globalThis, 'setTimeout');
    await read();
    expect(timers.mock.calls.length).toBeGreaterThanOrEqual(4);
  });
});

test('an archive of more entries than files have is limit_exceeded', async () => {
  const empty = Buffer.concat(zipEntry('n', new Uint8Array(0)));
  const file = new Uint8Array(Buffer.concat([begin, ...Array<Buffer>(2 ** 16).fill(empty), DIRECTORY]));
  await expect(readTorch(file)).rejects.toMatchObject({
    code: 'limit_exceeded',
    message: 'pytorch_model.bin: expected at most 65536 entries, got more',
  });
});
