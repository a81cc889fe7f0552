import { describe, expect, test } from 'vitest';
import { WebVeraError } from '../../../src/core/errors/error';
import { GgufFiles } from '../../../src/formats/gguf/gguf_files';
import { folderFiles, type ModelFiles } from '../../../src/formats/models/model_files';
import { ggufBegin, ggufBytes, ggufText, u32, u64 } from '../../helpers/bytes/gguf_bytes';
import { oldTorchFile, torchFile } from '../../helpers/bytes/torch_bytes';
import { cpuTime } from '../../helpers/cpu_time';
import { type Files, MemorySource } from '../../helpers/session/memory_source';

/** The limits within which a file must be refused: CPU milliseconds, and bytes in addition to the file's size. */
const MOST_MS = 50;
const MOST_BYTES = 2 ** 20;

/** Reads everything, and returns the error's code, the CPU time and the memory that reading took. */
async function refusal(open: () => ModelFiles): Promise<{ code: string; ms: number; bytes: number }> {
  const files = open();
  const [start, before] = [cpuTime(), process.memoryUsage().arrayBuffers];
  const read = async (): Promise<void> => {
    await files.headers();
    for await (const { take } of open().tensors(() => true)) await take();
  };
  const error = await read().then(
    () => undefined,
    (reason: unknown) => reason,
  );
  const taken = { ms: cpuTime() - start, bytes: process.memoryUsage().arrayBuffers - before };
  if (!(error instanceof WebVeraError)) throw new Error(`expected a refusal, got ${error}`);
  return { code: error.code, ...taken };
}

async function expectRefusal(open: (sized: boolean) => ModelFiles): Promise<void> {
  for (const sized of [true, false]) {
    const refusals: Awaited<ReturnType<typeof refusal>>[] = [];
    for (let time = 0; time < 5; time++) refusals.push(await refusal(() => open(sized)));
    for (const { code } of refusals) expect(['invalid_format', 'limit_exceeded']).toContain(code);
    // Other work on the machine can only add to a measurement, so the smallest measurement counts.
    expect(Math.min(...refusals.map(({ ms }) => ms))).toBeLessThan(MOST_MS);
    expect(Math.max(...refusals.map(({ bytes }) => bytes)), `sized: ${sized}`).toBeLessThan(MOST_BYTES);
  }
}

describe('a GGUF file is refused within 50 ms, without memory for missing parts, if it claims', () => {
  const MOST = 2n ** 64n - 1n;
  const key = ggufText('k');
  const field = (...value: readonly Uint8Array[]): Uint8Array => Buffer.concat([ggufBegin(0, 1), key, ...value]);
  const tensor = (shape: readonly (number | bigint)[], { type = 0, offset = 0 as number | bigint } = {}): Uint8Array =>
    Buffer.concat([
      ggufBytes({ fields: { 'general.architecture': 'llama' } }).fill(1, 8, 9),
      ggufText('output_norm.weight'),
      u32(shape.length),
      ...shape.map(u64),
      u32(type),
      u64(offset),
      new Uint8Array(100),
    ]);
  const [TEXT, LIST, U64] = [u32(8), u32(9), u32(10)];

  test.each<[string, Uint8Array]>([
    ['2^64 tensors', ggufBegin(MOST, 0)],
    ['2^64 fields', ggufBegin(0, MOST)],
    ['200,000 tensors', ggufBegin(200_000, 0)],
    ['10,000 fields', ggufBegin(0, 10_000)],
    ['a name of 2^64 bytes', Buffer.concat([ggufBegin(0, 1), u64(MOST)])],
    ['a text of 2^64 bytes', field(TEXT, u64(MOST))],
    ['a text of 60,000,000 bytes', field(TEXT, u64(60_000_000))],
    ['2^40 numbers', field(LIST, U64, u64(2 ** 40))],
    ['4,000,000 numbers', field(LIST, U64, u64(4_000_000))],
    ['2^40 texts', field(LIST, TEXT, u64(2 ** 40))],
    ['2^40 lists', field(LIST, LIST, u64(2 ** 40))],
    ['a tensor of 2^64 elements', tensor([MOST])],
    ['a tensor of 2^128 elements', tensor([2n ** 63n, 2n ** 63n, 2])],
    ['a tensor of 2^40 elements', tensor([2 ** 40])],
    ['a tensor of 2^24 elements', tensor([2 ** 24])],
    ['a packed tensor of 2^40 elements', tensor([2 ** 20, 2 ** 20], { type: 8 })],
    ['a tensor of 2^32 dimensions', tensor(Array(5).fill(1))],
    ['a tensor 2^64 bytes from here', tensor([2], { offset: MOST })],
    ['a tensor 2^50 bytes from here', tensor([2], { offset: 2 ** 50 })],
  ])('%s', (_, file) => expectRefusal((sized) => new GgufFiles(new MemorySource({ file }, { sized }), 'file')));
});

const folder =
  (files: Files) =>
  (sized: boolean): ModelFiles =>
    folderFiles(new MemorySource(files, { sized }));

describe('a safetensors file is refused within 50 ms, without memory for missing parts, if it claims', () => {
  const headed = (length: number | bigint, json = ''): Uint8Array => Buffer.concat([u64(length), Buffer.from(json)]);
  const told = (json: string): Uint8Array => headed(json.length, json);

  test.each<[string, Uint8Array]>([
    ['a header of 2^64 bytes', headed(2n ** 64n - 1n)],
    ['a header of 99,000,000 bytes', headed(99_000_000)],
    ['a header of 20,000,000 bytes', headed(20_000_000, '{')],
    ['a tensor of 2^50 elements', told(`{"a":{"dtype":"F32","shape":[${2 ** 48}],"data_offsets":[0,${2 ** 50}]}}`)],
    [
      'a tensor of 2^100 elements',
      told('{"a":{"dtype":"F32","shape":[1125899906842624,1125899906842624],"data_offsets":[0,8]}}'),
    ],
    ['bytes before its beginning', told('{"a":{"dtype":"U8","shape":[1],"data_offsets":[-1,0]}}')],
    ['dimensions without end', told(`{"a":{"dtype":"U8","shape":[${'1,'.repeat(10_000)}1],"data_offsets":[0,1]}}`)],
    ['lists in lists', told('['.repeat(100_000))],
  ])('%s', (_, file) => expectRefusal(folder({ 'model.safetensors': file })));
});

describe('an index of shards is refused within 50 ms that', () => {
  const index = (json: string): Files => ({ 'model.safetensors.index.json': Buffer.from(json) });

  test.each<[string, string]>([
    ['has lists in lists', '['.repeat(100_000)],
    ['has objects in objects', '{"a":'.repeat(100_000)],
    ['has no map', '{"metadata":{"total_size":1e308}}'],
    ['maps to what is no name', '{"weight_map":{"a":1e400}}'],
    ['maps to another folder', '{"weight_map":{"a":"../../model.safetensors"}}'],
    ['maps to another server', '{"weight_map":{"a":"https://example.com/model.safetensors"}}'],
    ['maps to a name without end', `{"weight_map":{"a":"${'a'.repeat(100_000)}.safetensors"}}`],
    ['maps to a prototype', '{"weight_map":{"__proto__":{"a":"b"}}}'],
  ])('%s', (_, json) => expectRefusal(folder(index(json))));
});

describe('a pytorch_model.bin is refused within 50 ms, without memory for missing parts, if it claims', () => {
  const begun = (change: (header: DataView) => void, extra = new Uint8Array(0)): Uint8Array => {
    const header = new DataView(new ArrayBuffer(30));
    header.setUint32(0, 0x04034b50, true);
    change(header);
    return Buffer.concat([new Uint8Array(header.buffer), Buffer.from('a/data.pkl'), extra]);
  };
  const storageOf = (length: string): string =>
    `\x80\x02}X\x01\0\0\0actorch._utils\n_rebuild_tensor_v2\n((X\x07\0\0\0storagectorch\nFloatStorage\nX\x01\0\0\x000X\x03\0\0\0cpu${length}tQK\0K\x04\x85K\x01\x85\x89)tRs.`;

  test.each<[string, Uint8Array]>([
    ['a name of 65,535 bytes', begun((header) => header.setUint16(26, 65_535, true))],
    ['an entry of 2^32 bytes', begun((header) => header.setUint32(18, 2 ** 32 - 2, true))],
    ['a text of 2^32 bytes', torchFile('\x80\x02X\xff\xff\xff\xff')],
    ['a number of 2^8 bytes', torchFile('\x80\x02\x8a\xff')],
    ['a line without end', torchFile(`\x80\x02c${'a'.repeat(100_000)}`)],
    ['marks without end', torchFile(`\x80\x02${'('.repeat(10_000)}`)],
    ['a storage of 2^33 bytes', torchFile(storageOf('J\xff\xff\xff\x7f'))],
    ['a storage of 2^26 bytes', torchFile(storageOf('J\0\0\0\x01'), { 0: new Uint8Array(16) })],
    ['a storage of 2^50 bytes', torchFile(storageOf('\x8a\x07\0\0\0\0\0\0\x01'))],
    ['a storage of 2^33 bytes, before PyTorch 1.6', oldTorchFile(storageOf('J\xff\xff\xff\x7f'))],
    ['a storage of 2^26 bytes, before PyTorch 1.6', oldTorchFile(storageOf('J\0\0\0\x01'), { 0: new Uint8Array(16) })],
    ['lists without end, before PyTorch 1.6', oldTorchFile('\x80\x02}.', {}, `\x80\x02${']'.repeat(10_000)}`)],
    [
      'empty appends without end, before PyTorch 1.6',
      oldTorchFile('\x80\x02}.', {}, `\x80\x02]${'(e'.repeat(50_000)}`),
    ],
    ['a storage of 2^63 bytes', torchFile(storageOf('\x8a\x08\0\0\0\0\0\0\0\x20'))],
  ])('%s', (_, file) => expectRefusal(folder({ 'pytorch_model.bin': file })));
});
