import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { WebVeraError } from '../../../src/core/errors/error';
import { defaultLimits } from '../../../src/core/types/source';
import { type ReadWeightsOptions, readWeights } from '../../../src/formats/models/weights';
import { oldTorchFile, torchFile } from '../../helpers/bytes/torch_bytes';
import { type Files, MemorySource } from '../../helpers/session/memory_source';

interface Row {
  readonly situation: string;
  readonly file: string;
  readonly tensors: Readonly<Record<string, { dtype: string; shape: readonly number[]; bytes: string }>> | null;
}

const { rows } = JSON.parse(readFileSync('test/golden/torch_files.json', 'utf8')) as { readonly rows: readonly Row[] };
const bytesOf = ({ file }: Row) => new Uint8Array(Buffer.from(file, 'base64'));
const byName = (row: Row): [string, Row] => [row.situation, row];
const fine = rows.filter(({ tensors }) => tensors !== null);
const plain = bytesOf(rows.find(({ situation }) => situation === 'views') as Row);

async function collect(files: Files, options: ReadWeightsOptions = {}, source = new MemorySource(files)) {
  const tensors: Record<string, unknown> = {};
  for await (const { name, dtype, shape, take } of readWeights(source, options)) {
    const { bytes } = await take();
    expect(bytes.byteOffset).toBe(0);
    tensors[name] = { dtype, shape, bytes: Buffer.from(bytes).toString('base64') };
  }
  return tensors;
}

/** Reads a file, and returns the error. */
async function refusal(file: Uint8Array, options: ReadWeightsOptions = {}): Promise<WebVeraError> {
  const source = new MemorySource({ 'pytorch_model.bin': file });
  const error = await collect({}, options, source).then(
    () => undefined,
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(WebVeraError);
  expect(source.cancelled).toEqual(['pytorch_model.bin']);
  return error as WebVeraError;
}

describe('a file that torch.save wrote of', () => {
  test.each(fine.map(byName))('%s gives the original tensors', async (_, row) => {
    for (const chunkBytes of [7, 1e6]) {
      const source = new MemorySource({ 'pytorch_model.bin': bytesOf(row) }, { chunkBytes });
      expect(await collect({}, {}, source)).toEqual(row.tensors);
      expect(source.expected).toEqual([bytesOf(row).length]);
    }
  });

  test.each(rows.filter(({ tensors }) => tensors === null).map(byName))('%s is refused', async (_, row) => {
    expect((await refusal(bytesOf(row))).code).toBe('invalid_format');
  });

  test('calls of unknown functions is refused by their names, and nothing is called', async () => {
    const { message, hint } = await refusal(bytesOf(rows.find(({ situation }) => /calls/.test(situation)) as Row));
    expect(message).toMatch(
      /^pytorch_model\.bin: .* asks for "(posix|nt)\.system", which a file of weights has no use for$/,
    );
    expect(hint).toContain('safe_serialization=True');
  });
});

describe('a pytorch_model.bin', () => {
  test('is read last, and not if there is a model.safetensors', async () => {
    const source = new MemorySource({});
    await expect(collect({}, {}, source)).rejects.toMatchObject({
      code: 'not_found',
      detail: {
        files: [
          'model.safetensors',
          'model.safetensors.index.json',
          'pytorch_model.bin',
          'pytorch_model.bin.index.json',
        ],
      },
    });
  });

  test('comes in shards, of which each gives what the index says and what it doesn’t list', async () => {
    const [many, dtypes] = ['many', 'all dtypes'].map(
      (name) => rows.find(({ situation }) => situation === name) as Row,
    );
    const weight_map = {
      'layer.3.weight': 'pytorch_model-00001-of-00002.bin',
      'layer.4.weight': 'pytorch_model-00002-of-00002.bin',
    };
    const files = {
      'pytorch_model.bin.index.json': new TextEncoder().encode(JSON.stringify({ weight_map })),
      'pytorch_model-00001-of-00002.bin': bytesOf(many as Row),
      'pytorch_model-00002-of-00002.bin': bytesOf(dtypes as Row),
    };
    const { 'layer.4.weight': _, ...rest } = many?.tensors ?? {};
    expect(await collect(files)).toEqual({ ...rest, ...dtypes?.tensors });
  });

  test('gives the selected tensors, and allocates memory for nothing else', async () => {
    const asked: string[] = [];
    const select: ReadWeightsOptions['select'] = ({ name }) => asked.push(name) > 0 && name === 'scalar';
    expect(Object.keys(await collect({ 'pytorch_model.bin': plain }, { select }))).toEqual(['scalar']);
    expect(asked).toContain('turned');
  });

  test('cut anywhere is invalid_format', async () => {
    for (let length = 0; length < 1200; length += 7) {
      expect((await refusal(plain.subarray(0, length))).code).toBe('invalid_format');
    }
  });

  test('of compressed entries, or encrypted ones, is refused', async () => {
    for (const [at, value] of [
      [8, 8],
      [6, 0x09],
    ] as const) {
      const file = plain.slice();
      file[at] = value;
      expect((await refusal(file)).message).toContain('stored as they are');
    }
  });

  test('with more tensors or a longer pickle than the limits is limit_exceeded', async () => {
    const file = bytesOf(rows.find(({ situation }) => situation === 'many') as Row);
    expect((await refusal(file, { limits: { ...defaultLimits, tensors: 39 } })).code).toBe('limit_exceeded');
    expect((await refusal(file, { limits: { ...defaultLimits, safetensorsHeader: 1000 } })).code).toBe(
      'limit_exceeded',
    );
  });
});

/** The pickle of a storage of four floats with the key 0. `tensor` adds a tensor of that storage: offset, sizes and strides. */
const STORAGE = '(X\x07\0\0\0storagectorch\nFloatStorage\nX\x01\0\0\x000X\x03\0\0\0cpuK\x04tQ';
const tensor = (view: string) => `ctorch._utils\n_rebuild_tensor_v2\n(${STORAGE}${view}\x89)tR`;
const dictOf = (items: string) => `\x80\x02}(${items}u.`;
const named = (view: string) => dictOf(`X\x01\0\0\0a${tensor(view)}`);
const four = { 0: new Uint8Array(Float32Array.of(1, 2, 3, 4).buffer) };

describe('a pickle', () => {
  test('as it is made here is read', async () => {
    const file = torchFile(named('K\0K\x04\x85K\x01\x85'), four);
    expect(await collect({ 'pytorch_model.bin': file })).toMatchObject({ a: { dtype: 'F32', shape: [4] } });
  });

  test.each([
    ['a view that leaves its storage', named('K\x01K\x04\x85K\x01\x85')],
    ['a view that leaves it by its strides', named('K\0K\x02\x85K\x04\x85')],
    ['a negative offset', named('J\xff\xff\xff\xffK\x02\x85K\x01\x85')],
    ['a size beyond numbers', named('K\0\x8a\x09\0\0\0\0\0\0\0\0\x01\x85K\x01\x85')],
    ['more sizes than strides', named('K\0K\x02K\x02\x86K\x01\x85')],
    ['nine dimensions', named(`K\0(${'K\x01'.repeat(9)}t(${'K\x01'.repeat(9)}t`)],
    ['a storage larger than the file', named('K\0K\x04\x85K\x01\x85').replace('K\x04tQ', 'J\xff\xff\xff\x7ftQ')],
    ['a storage that is not there', torchPickleOfOther()],
    ['an empty stack', '\x80\x02.'],
    ['a mark that is not there', '\x80\x02t.'],
    ['an item from below a mark', '\x80\x02N(\x85.'],
    ['a memo that is not there', '\x80\x02h\x05.'],
    ['an opcode of other protocols', '\x80\x02\x8c\x01a.'],
    ['a number as a key', dictOf('K\x01K\x02')],
    ['a function that is not named', '\x80\x02N)R.'],
    ['another function', '\x80\x02cbuiltins\neval\nX\x01\0\0\x001\x85R.'],
    ['a storage of another kind', '\x80\x02X\x01\0\0\0aQ.'],
    ['a key that leads elsewhere', named('').replace('\x01\0\0\x000X', '\x02\0\0\x00..X')],
    ['attributes of a tensor', '\x80\x02NNb.'],
  ])('of %s is invalid_format', async (_, pickle) => {
    expect((await refusal(torchFile(pickle, four))).code).toBe('invalid_format');
  });

  test('of a text or a name without an end is limit_exceeded', async () => {
    expect((await refusal(torchFile('\x80\x02X\xff\xff\xff\x7fa', four))).code).toBe('limit_exceeded');
    expect((await refusal(torchFile(`\x80\x02c${'a'.repeat(200)}\nb\n.`, four))).code).toBe('limit_exceeded');
  });

  test('distinguishes names by a byte order mark', async () => {
    const [text, marked] = ['X\x01\0\0\0a', 'X\x04\0\0\0\xef\xbb\xbfa'];
    const view = tensor('K\0K\x02\x85K\x01\x85');
    const file = torchFile(dictOf(`${text}${view}${marked}${view}`), four);
    expect(Object.keys(await collect({ 'pytorch_model.bin': file }))).toEqual(['a', '\ufeffa']);
  });

  test('may not describe a storage in two ways', async () => {
    const other = tensor('K\0K\x02\x85K\x01\x85').replace('K\x04tQ', 'K\x05tQ');
    const pickle = dictOf(`X\x01\0\0\0a${tensor('K\0K\x02\x85K\x01\x85')}X\x01\0\0\0b${other}`);
    expect((await refusal(torchFile(pickle, four))).message).toContain('tells of storage 0 in two ways');
  });

  test('whose storage has another size than it states is invalid_format', async () => {
    const file = torchFile(named('K\0K\x04\x85K\x01\x85'), { 0: new Uint8Array(12) });
    expect((await refusal(file)).code).toBe('invalid_format');
  });

  test('in big-endian order is refused', async () => {
    const file = Buffer.from(torchFile(named('K\0K\x04\x85K\x01\x85'), four));
    file.write('bigend', file.indexOf('little'));
    expect((await refusal(new Uint8Array(file))).message).toContain('little-endian');
  });
});

describe('a file from before PyTorch 1.6', () => {
  const whole = named('K\0K\x04\x85K\x01\x85').replace('cpuK\x04tQ', 'cpuK\x04NtQ');
  const keysOf = (items: string) => `\x80\x02](${items}e.`;
  const [KEY, OTHER] = ['X\x01\0\0\x000', 'X\x01\0\0\x001'];
  const replaced = (from: string, to: string): Uint8Array => {
    const file = Buffer.from(oldTorchFile(whole, four)).toString('latin1');
    expect(file).toContain(from);
    return Buffer.from(file.replace(from, to), 'latin1');
  };

  test('as it is made here is read', async () => {
    const file = oldTorchFile(whole, four);
    expect(await collect({ 'pytorch_model.bin': file })).toEqual({
      a: { dtype: 'F32', shape: [4], bytes: Buffer.from(four[0]).toString('base64') },
    });
    expect(await collect({ 'pytorch_model.bin': oldTorchFile(whole, four, `\x80\x02]${KEY}a.`) })).toHaveProperty('a');
  });

  test('cut anywhere is invalid_format', async () => {
    const old = bytesOf(rows.find(({ situation }) => situation === 'views, before PyTorch 1.6') as Row);
    for (let length = 0; length < old.length; length += 3) {
      expect((await refusal(old.subarray(0, length))).code).toBe('invalid_format');
    }
  });

  test('with more tensors or longer pickles than the limits is limit_exceeded', async () => {
    const many = bytesOf(rows.find(({ situation }) => situation === 'many, before PyTorch 1.6') as Row);
    expect((await refusal(many, { limits: { ...defaultLimits, tensors: 39 } })).code).toBe('limit_exceeded');
    for (const safetensorsHeader of [20, 1000]) {
      expect((await refusal(many, { limits: { ...defaultLimits, safetensorsHeader } })).code).toBe('limit_exceeded');
    }
    const keys = oldTorchFile('\x80\x02}.', {}, keysOf(KEY.repeat(200)));
    expect((await refusal(keys, { limits: { ...defaultLimits, safetensorsHeader: 1000 } })).code).toBe(
      'limit_exceeded',
    );
  });

  test.each([
    ['another magic number', replaced('\xfc\x9cF', '\xfc\x9cE'), 'magic number'],
    ['another version', replaced('M\xe9\x03', 'M\xea\x03'), 'magic number'],
    ['big-endian order', replaced('endian\x88', 'endian\x89'), 'little-endian'],
    ['facts that are no dict', replaced('}X\r\0\0\0little_endian\x88s', 'N'), 'little-endian'],
    ['keys that are no list', oldTorchFile(whole, four, '\x80\x02}.'), 'a list of the storages'],
    ['keys that are appended to nothing', oldTorchFile(whole, four, `\x80\x02N${KEY}a.`), 'appends to what is no list'],
    ['no keys', oldTorchFile(whole, four, '\x80\x02].'), 'expected storage 0'],
    ['a key twice', oldTorchFile(whole, four, keysOf(KEY + KEY)), 'got 0'],
    ['a key of no tensor', oldTorchFile(whole, four, keysOf(OTHER)), 'got 1'],
    ['a key that is none', oldTorchFile(whole, four, keysOf(']')), 'got [object Object]'],
    [
      'a storage of another size',
      oldTorchFile(whole, { 0: new Uint8Array(12) }),
      'expected 4 elements in storage 0, got 3',
    ],
    ['a view of a storage', oldTorchFile(whole.replace('NtQ', ')tQ'), four), 'a storage that is none'],
  ])('with %s is invalid_format', async (_, file, what) => {
    const { code, message } = await refusal(new Uint8Array(file));
    expect({ code, message }).toEqual({ code: 'invalid_format', message: expect.stringContaining(what) });
  });
});

function torchPickleOfOther(): string {
  return named('K\0K\x04\x85K\x01\x85').replace('\x01\0\0\x000X', '\x01\0\0\x001X');
}
