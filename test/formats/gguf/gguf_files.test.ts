import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { WebVeraError } from '../../../src/core/error';
import { defaultLimits, type ParserLimits } from '../../../src/core/source';
import { storages } from '../../../src/core/storage';
import { BLOCK_TYPES, unpackBlocks } from '../../../src/formats/gguf/block_types';
import { GgufFiles } from '../../../src/formats/gguf/gguf_files';
import { packBlocks } from '../../../src/formats/gguf/packed_blocks';
import { readSafetensors } from '../../../src/formats/safetensors';
import type { PackedRows, StoredTensor, TensorRows } from '../../../src/formats/stored_tensor';
import { toFloat32 } from '../../../src/formats/values';
import { createTokenizer } from '../../../src/tokenizer/tokenizer';
import { bytesOf, ggufBlocks, ggufFile, ggufPacked, ggufRows } from '../../helpers/golden_gguf';
import { MemorySource } from '../../helpers/memory_source';

const open = (file: Uint8Array, limits?: ParserLimits, chunkBytes = 1000) =>
  new GgufFiles(new MemorySource({ 'model.gguf': file }, { chunkBytes }), 'model.gguf', limits);

async function tensorsOf(file: Uint8Array) {
  const tensors = new Map<string, { dtype: string; shape: readonly number[]; bytes: Uint8Array }>();
  for await (const { name, take } of open(file).tensors(() => true)) tensors.set(name, await take());
  return tensors;
}

/** Whatever is done with such a file. */
async function refusal(file: Uint8Array, limits?: ParserLimits): Promise<WebVeraError> {
  const gguf = open(file, limits);
  const read = async (): Promise<void> => {
    await gguf.config();
    await gguf.tokenizer();
    for await (const { take } of gguf.tensors(() => true)) await take();
  };
  const error = await read().then(
    () => undefined,
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(WebVeraError);
  return error as WebVeraError;
}

describe('packed numbers', () => {
  test.each(ggufBlocks.map((block) => [block.name, block] as const))(
    'of %s are those of gguf, to the bit',
    (name, block) => {
      const type = BLOCK_TYPES.get(block.type);
      expect(type?.name).toBe(name);
      if (type === undefined) return;
      const values = unpackBlocks(type, bytesOf(block.bytes));
      expect(Buffer.from(values.buffer).equals(Buffer.from(bytesOf(block.values)))).toBe(true);
    },
  );

  /** Of a group's largest number, but where the halves of scale and minimum are exact. */
  const ROUNDING: Readonly<Record<string, number>> = {
    Q4_K: 2 / 2048, // scale and minimum
    Q5_K: 0.5 / 127 + 1 / 2048, // packed anew
    Q5_1: 0.5 / 127 + 1 / 2048,
    Q6_K: 1 / 2048,
  };

  test.each(ggufBlocks)('of $name are the same as the device has them', ({ name, type: number, bytes }) => {
    const type = BLOCK_TYPES.get(number);
    if (type === undefined) throw new Error(`${name} isn't read`);
    const values = unpackBlocks(type, bytesOf(bytes));
    const shape = [values.length / type.elements, type.elements];
    const found = storages[type.packed].decode(packBlocks(type, bytesOf(bytes), shape).buffer, shape);
    for (let at = 0; at < values.length; at += 32) {
      const group = values.slice(at, at + 32);
      // Numbers around a minimum are differences of larger ones.
      const largest = Math.max(...group.map(Math.abs), Math.max(...group) - Math.min(...group));
      const worst = Math.max(...group.map((value, i) => Math.abs(value - (found[at + i] ?? Number.NaN))));
      expect(worst, `${at}`).toBeLessThanOrEqual((ROUNDING[name] ?? 0) * largest);
    }
  });

  test('cover all types', () => {
    expect(ggufBlocks.map(({ type }) => type)).toEqual([...BLOCK_TYPES.keys()]);
  });
});

describe.each(['llama', 'qwen2', 'qwen3'])('%s as GGUF', (name) => {
  const { tensors } = readSafetensors(readFileSync(`test/golden/base/${name}/model.safetensors`));
  const config = JSON.parse(readFileSync(`test/golden/base/${name}/config.json`, 'utf8'));

  test('has the tensors of its safetensors, by the checkpoint’s names', async () => {
    const found = await tensorsOf(ggufFile(name));
    expect([...found.keys()].sort()).toEqual(
      [...tensors.keys()].filter((key) => key !== 'lm_head.weight' || !config.tie_word_embeddings).sort(),
    );
    for (const [key, { dtype, shape, bytes }] of found) {
      const expected = tensors.get(key);
      expect({ dtype, shape }, key).toEqual({ dtype: expected?.dtype, shape: expected?.shape });
      expect(Buffer.compare(bytes, expected?.bytes ?? new Uint8Array()), key).toBe(0);
    }
  });

  test('says what its config.json says', async () => {
    const made = await open(ggufFile(name)).config();
    const { rope_parameters, ...same } = config;
    expect(made.rope_theta).toBe(rope_parameters.rope_theta);
    const keys = ['model_type', 'architectures', 'hidden_size', 'intermediate_size', 'num_hidden_layers', 'vocab_size'];
    const more = [
      'num_attention_heads',
      'num_key_value_heads',
      'rms_norm_eps',
      'max_position_embeddings',
      'hidden_act',
    ];
    for (const key of [...keys, ...more, 'tie_word_embeddings'])
      expect({ [key]: made[key] }).toEqual({ [key]: same[key] });
  });
});

/** What `take` gives of the packed matrices, of one after the other. */
async function takenOf<T>(take: (tensor: StoredTensor) => Promise<T>): Promise<Map<string, T>> {
  const taken = new Map<string, T>();
  const isPacked = ({ name }: { readonly name: string }): boolean => name in ggufPacked;
  for await (const tensor of open(ggufFile('llama-packed')).tensors(isPacked)) {
    taken.set(tensor.name, await take(tensor));
  }
  return taken;
}

function packedOf({ name, packed }: StoredTensor): PackedRows {
  if (packed === undefined) throw new Error(`${name} isn't packed`);
  return packed;
}

test('rows of a packed matrix come in the checkpoint’s order, all at once or some by some', async () => {
  const wholes = await takenOf(({ take }) => take());
  const pieces = await takenOf(async ({ take }) => [await take(3), await take(4), await take(), await take()]);
  expect([...wholes.keys()]).toEqual(expect.arrayContaining(Object.keys(ggufPacked)));
  for (const [name, { dtype, shape, bytes }] of wholes) {
    const [rows = 0, ...columns] = shape;
    expect(dtype).toBe('F32');
    expect(Buffer.compare(bytes, bytesOf(ggufPacked[name] ?? '')), name).toBe(0);
    const some = pieces.get(name) ?? [];
    expect(some.map((piece) => piece.shape)).toEqual([3, 4, rows - 7, 0].map((count) => [count, ...columns]));
    expect(Buffer.compare(Buffer.concat(some.map((piece) => piece.bytes)), bytes), name).toBe(0);
  }
});

test('packed as the device has it, it is the same to half a step, all at once or some by some', async () => {
  const wholes = await takenOf(({ take }) => take());
  const packed = await takenOf(async (tensor) => {
    const { name, take } = packedOf(tensor);
    return { storage: storages[name], words: await take() };
  });
  const pieces = await takenOf(async (tensor) => {
    const { take } = packedOf(tensor);
    return [await take(3), await take()];
  });
  for (const [name, { storage, words }] of packed) {
    const { shape, ...whole } = wholes.get(name) as TensorRows;
    expect(pieces.get(name)?.flatMap((piece) => [...piece])).toEqual([...words]);
    const numbers = storage.decode(words.buffer, shape);
    const exact = toFloat32(whole);
    const step = Math.max(...exact.map(Math.abs)) / 127;
    expect(Math.max(...numbers.map((number, i) => Math.abs(number - (exact[i] ?? 0))))).toBeLessThan(step);
  }
});

describe.each([...new Set(ggufRows.map(({ pre }) => pre))])('a tokenizer that cuts texts as %s', (pre) => {
  test('gives the ids of transformers’ tokenizer.json', async () => {
    const made = await open(ggufFile(`tokenizer-${pre}`)).tokenizer();
    const tokenizer = createTokenizer(made?.tokenizer ?? {}, made?.config);
    for (const { text, ids } of ggufRows.filter((row) => row.pre === pre))
      expect(tokenizer.encode(text), text).toEqual(ids);
    const { bos_token_id, eos_token_id, pad_token_id, hasChatTemplate } = tokenizer;
    expect({ bos_token_id, eos_token_id, pad_token_id }).toEqual({ bos_token_id: 0, eos_token_id: 2, pad_token_id: 1 });
    expect(hasChatTemplate).toBe(true);
  });
});

describe('a file', () => {
  const llama = ggufFile('llama');
  const replaced = (from: string, to: string): Uint8Array => {
    const file = Buffer.from(llama);
    file.write(to, file.indexOf(from), 'latin1');
    return new Uint8Array(file);
  };

  /** The rows of a matrix are the second of its sizes. */
  function largerTensor(): Uint8Array {
    const file = Buffer.from(llama);
    const name = 'token_embd.weight';
    file.writeUInt32LE(2 ** 31, file.indexOf(name) + name.length + 4 + 8);
    return new Uint8Array(file);
  }

  test('comes in pieces of any size', async () => {
    for (const size of [1, 37, 1e6]) {
      const names: string[] = [];
      for await (const { name } of open(llama, defaultLimits, size).tensors(() => true)) names.push(name);
      expect(names).toContain('model.norm.weight');
    }
  });

  test('without a tokenizer has none', async () => {
    expect(await open(llama).tokenizer()).toBeUndefined();
  });

  test('cut anywhere is invalid_format', async () => {
    for (let length = 0; length < llama.length; length += 997) {
      expect((await refusal(llama.subarray(0, length))).code).toBe('invalid_format');
    }
  });

  test.each([
    ['another magic', replaced('GGUF', 'GGML')],
    ['another version', replaced('GGUF\x03', 'GGUF\x09')],
    ['a field twice', replaced('llama.context_length', 'general.architecture')],
    ['a tensor larger than it', largerTensor()],
    ['a tensor twice', replaced('blk.0.attn_k.weight', 'blk.0.attn_q.weight')],
  ])('with %s is invalid_format', async (_, file) => {
    expect((await refusal(file)).code).toBe('invalid_format');
  });

  test.each([
    [
      'of another architecture',
      replaced(
        'general.architecture\x08\0\0\0\x05\0\0\0\0\0\0\0llama',
        'general.architecture\x08\0\0\0\x05\0\0\0\0\0\0\0bloom',
      ),
    ],
    ['with scaled positions', replaced('token_embd.weight', 'rope_freqs.weight')],
  ])('%s is unsupported_model', async (_, file) => {
    const { code, hint } = await refusal(file);
    expect(code).toBe('unsupported_model');
    expect(hint).not.toBe('');
  });

  test('whose tokenizer is of another kind asks for a tokenizer.json', async () => {
    const file = Buffer.from(ggufFile('tokenizer-smollm'));
    file.write('viking', file.indexOf('smollm'));
    const { code, message, hint } = await refusal(new Uint8Array(file));
    expect(code).toBe('unsupported_model');
    expect(message).toContain('viking');
    expect(hint).toContain('tokenizer.json');
  });

  test('with more before its tensors than the limits is limit_exceeded', async () => {
    expect((await refusal(llama, { ...defaultLimits, tokenizer: 500 })).code).toBe('limit_exceeded');
    expect((await refusal(llama, { ...defaultLimits, tensors: 3 })).code).toBe('limit_exceeded');
  });
});
