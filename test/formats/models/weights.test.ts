import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { WebVeraError } from '../../../src/core/errors/error';
import type { FileSource } from '../../../src/core/input/file_source';
import { parseWeightsIndex, type ReadWeightsOptions, readWeights } from '../../../src/formats/models/weights';
import { ByteReader } from '../../../src/formats/tensors/byte_reader';
import { readSafetensors, writeSafetensors } from '../../../src/formats/tensors/safetensors';
import type { TensorRows } from '../../../src/formats/tensors/stored_tensor';
import { codeThrownBy, fileOf } from '../../helpers/bytes/safetensors_bytes';
import { MemorySource } from '../../helpers/session/memory_source';

type NamedTensor = TensorRows & { readonly name: string };

async function collect(source: FileSource, options?: ReadWeightsOptions): Promise<NamedTensor[]> {
  const tensors: NamedTensor[] = [];
  for await (const { name, take } of readWeights(source, options)) tensors.push({ name, ...(await take()) });
  return tensors;
}

async function codeFor(source: FileSource, options?: ReadWeightsOptions): Promise<string | undefined> {
  const error = await collect(source, options).then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (error === undefined) return undefined;
  expect(error).toBeInstanceOf(WebVeraError);
  return (error as WebVeraError).code;
}

const floats = (...values: number[]) => ({
  dtype: 'F32' as const,
  shape: [values.length],
  bytes: new Uint8Array(Float32Array.from(values).buffer),
});
const two = writeSafetensors([
  ['a', floats(1, 2, 3)],
  ['b', floats(4)],
]);
const json = (value: unknown) => new TextEncoder().encode(JSON.stringify(value));

describe('one file', () => {
  const path = 'test/golden/base/llama/model.safetensors';
  const file = new Uint8Array(readFileSync(path));
  const expected = readSafetensors(file).tensors;

  test.each([
    [1, true],
    [7, false],
    [1000, true],
    [1e9, false],
  ])('comes tensor by tensor in chunks of %i bytes, size known: %s', async (chunkBytes, sized) => {
    const source = new MemorySource({ 'model.safetensors': file }, { chunkBytes, sized });
    const tensors = await collect(source);
    expect(tensors.map(({ name }) => name)).toEqual([...expected.keys()]);
    for (const { name, dtype, shape, bytes } of tensors) {
      expect(bytes.byteOffset).toBe(0);
      expect({ dtype, shape }).toEqual({ dtype: expected.get(name)?.dtype, shape: expected.get(name)?.shape });
      expect(Buffer.compare(bytes, expected.get(name)?.bytes ?? new Uint8Array())).toBe(0);
    }
    expect(source.expected).toEqual([file.length]);
  });

  test('is taken in rows, of which the rest is skipped, and holds only these rows', async () => {
    const taken: [string, number[]][] = [];
    for await (const { name, take } of readWeights(new MemorySource({ 'model.safetensors': two }, { chunkBytes: 5 }))) {
      const { shape, bytes } = await take(2);
      expect([shape, bytes.buffer.byteLength]).toEqual([[bytes.length / 4], bytes.length]);
      taken.push([name, [...new Float32Array(bytes.buffer)]]);
    }
    expect(taken).toEqual([
      ['a', [1, 2]],
      ['b', [4]],
    ]);
  });

  test('is read no further than the selected tensor', async () => {
    const source = new MemorySource({ 'model.safetensors': file }, { chunkBytes: 512 });
    for await (const tensor of readWeights(source)) {
      expect(tensor.name).toBe([...expected.keys()][0]);
      break;
    }
    expect(source.bytesRead).toBeLessThan(file.length / 2);
    expect(source.cancelled).toEqual(['model.safetensors']);
  });

  test('skips tensors that aren’t selected, and ends with an error of the selection', async () => {
    const source = new MemorySource({ 'model.safetensors': two }, { chunkBytes: 5 });
    const tensors = await collect(source, { select: ({ name }) => name === 'b' });
    expect(tensors.map(({ name }) => name)).toEqual(['b']);
    const wrongShape = new WebVeraError('invalid_format', 'b: wrong shape');
    const select = () => {
      throw wrongShape;
    };
    await expect(collect(source, { select })).rejects.toBe(wrongShape);
  });

  test.each([true, false])('cut anywhere is invalid_format, size known: %s', async (sized) => {
    for (let length = 0; length < two.length; length++) {
      const cut = new MemorySource({ 'model.safetensors': two.subarray(0, length) }, { sized });
      expect(await codeFor(cut)).toBe('invalid_format');
      expect(cut.cancelled).toEqual(['model.safetensors']);
    }
  });

  test.each([true, false])('with a byte too many is invalid_format, size known: %s', async (sized) => {
    const long = new Uint8Array([...two, 0]);
    expect(await codeFor(new MemorySource({ 'model.safetensors': long }, { sized }))).toBe('invalid_format');
  });

  test('a header above the limit is not read', async () => {
    const source = new MemorySource({ 'model.safetensors': fileOf(' '.repeat(10_000)) }, { chunkBytes: 8 });
    const limits = { safetensorsHeader: 9999, tensors: 10, json: 10 };
    expect(await codeFor(source, { limits })).toBe('limit_exceeded');
    expect(source.bytesRead).toBe(8);
  });

  test('a size that no memory holds is refused, with and without a known size', async () => {
    const shape = '[1099511627776]';
    const file = fileOf(`{"a":{"dtype":"F32","shape":${shape},"data_offsets":[0,4398046511104]}}`, 16);
    expect(await codeFor(new MemorySource({ 'model.safetensors': file }))).toBe('invalid_format');
    expect(await codeFor(new MemorySource({ 'model.safetensors': file }, { sized: false }))).toBe('invalid_format');
    const promised = { size: 2 ** 45, read: async () => undefined, cancel: async () => {} };
    await expect(new ByteReader(promised, 'file').take(2 ** 42)).rejects.toMatchObject({ code: 'out_of_memory' });
  });

  test('errors name the file', async () => {
    await expect(collect(new MemorySource({ 'model.safetensors': fileOf('[]') }))).rejects.toMatchObject({
      message: expect.stringContaining('model.safetensors: '),
      detail: { file: 'model.safetensors' },
    });
  });
});

describe('shards', () => {
  const folder = 'test/golden/base/qwen2-f16-shards';
  const files: Record<string, Uint8Array> = {};
  for (const file of readdirSync(folder)) files[file] = new Uint8Array(readFileSync(`${folder}/${file}`));
  const index = JSON.parse(readFileSync(`${folder}/model.safetensors.index.json`, 'utf8')) as {
    metadata: { total_size: number };
    weight_map: Record<string, string>;
  };
  const withIndex = (change: object) => ({ ...files, 'model.safetensors.index.json': json({ ...index, ...change }) });

  test('all tensors of the index come, once each', async () => {
    const source = new MemorySource(files);
    const tensors = await collect(source);
    expect(tensors.map(({ name }) => name).toSorted()).toEqual(Object.keys(index.weight_map).toSorted());
    expect(tensors.reduce((sum, { bytes }) => sum + bytes.length, 0)).toBe(index.metadata.total_size);
    expect(source.expected).toEqual([index.metadata.total_size]);
    expect(new Set(source.opened).size).toBe(source.opened.length);
  });

  test('one file goes before shards, as in transformers', async () => {
    const tensors = await collect(new MemorySource({ ...files, 'model.safetensors': two }));
    expect(tensors.map(({ name }) => name)).toEqual(['a', 'b']);
  });

  test('a shard that the index names but the folder lacks is not_found, by its name', async () => {
    const { 'model-00002-of-00003.safetensors': _, ...rest } = files;
    await expect(collect(new MemorySource(rest))).rejects.toMatchObject({
      code: 'not_found',
      message: expect.stringContaining('model-00002-of-00003.safetensors'),
    });
  });

  test('a tensor that its shard lacks is missing, and nothing else', async () => {
    const weight_map = { ...index.weight_map, ghost: 'model-00001-of-00003.safetensors' };
    const tensors = await collect(new MemorySource(withIndex({ weight_map })));
    expect(tensors.map(({ name }) => name).toSorted()).toEqual(Object.keys(index.weight_map).toSorted());
  });

  test('a tensor that the index doesn’t list comes, too, as in transformers', async () => {
    const { 'model.norm.weight': _, ...weight_map } = index.weight_map;
    const tensors = await collect(new MemorySource(withIndex({ weight_map })));
    expect(tensors.map(({ name }) => name).toSorted()).toEqual(Object.keys(index.weight_map).toSorted());
  });

  test('a tensor that is in two shards comes from the one the index names', async () => {
    const shards = { 'x.safetensors': two, 'y.safetensors': writeSafetensors([['a', floats(9)]]) };
    const map = json({ weight_map: { a: 'y.safetensors', b: 'x.safetensors' } });
    const source = new MemorySource({ ...shards, 'model.safetensors.index.json': map });
    const tensors = await collect(source);
    expect(tensors.map(({ name, bytes }) => [name, bytes.length])).toEqual([
      ['a', 4],
      ['b', 4],
    ]);
    expect(source.expected).toEqual([]);
  });

  test('neither a file nor an index: both are named', async () => {
    await expect(collect(new MemorySource({}))).rejects.toMatchObject({
      code: 'not_found',
      message: expect.stringMatching(/model\.safetensors or model\.safetensors\.index\.json/),
    });
  });
});

describe('parseWeightsIndex', () => {
  const codeOf = (value: unknown) => codeThrownBy(() => parseWeightsIndex(json(value)));
  test.each([
    '../model.safetensors',
    'a/b.safetensors',
    '/etc/passwd',
    'https://evil.example/x.safetensors',
    '..',
    '.hidden.safetensors',
    'a\\b.safetensors',
    '%2e%2e%2fx.safetensors',
    'model.bin',
    'model.safetensors?x=1',
    '',
    1,
    null,
    ['model.safetensors'],
  ])('refuses the shard %j', (file) => {
    expect(codeOf({ weight_map: { a: file } })).toBe('invalid_format');
  });
  test.each([[{}], [{ weight_map: {} }], [{ weight_map: [] }], [{ weight_map: 'x' }], [[]]])('refuses %j', (value) => {
    expect(codeOf(value)).toBe('invalid_format');
  });
  test('refuses more tensors than the limit', () => {
    const bytes = json({ weight_map: { a: 'x.safetensors', b: 'x.safetensors', c: 'x.safetensors' } });
    const limits = { safetensorsHeader: 1, json: 1000, tensors: 2 };
    expect(codeThrownBy(() => parseWeightsIndex(bytes, limits))).toBe('limit_exceeded');
    expect(parseWeightsIndex(bytes, { ...limits, tensors: 3 }).weightMap.size).toBe(3);
  });
  test('reads __proto__ as a name', () => {
    const bytes = new TextEncoder().encode('{"weight_map":{"__proto__":"x.safetensors"}}');
    expect([...parseWeightsIndex(bytes).weightMap]).toEqual([['__proto__', 'x.safetensors']]);
  });
  test('treats an invalid total_size as unknown', () => {
    const weight_map = { a: 'x.safetensors' };
    for (const total_size of [-1, 'x', null]) {
      expect(parseWeightsIndex(json({ metadata: { total_size }, weight_map })).totalSize).toBeUndefined();
    }
  });
});
