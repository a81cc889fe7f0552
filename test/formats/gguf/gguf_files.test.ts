import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { packedStorage, storages } from '../../../src/core/numbers/storage';
import { BLOCK_TYPES, unpackBlocks } from '../../../src/formats/gguf/blocks/block_types';
import { packBlocks } from '../../../src/formats/gguf/blocks/packed_blocks';
import { packingOf } from '../../../src/formats/gguf/gguf_packing';
import { headerOf } from '../../../src/formats/gguf/gguf_tensor';
import { PLUS_ONE, type TensorChange, TURNED } from '../../../src/formats/gguf/tensor_change';
import { readSafetensors } from '../../../src/formats/tensors/safetensors';
import type { PackedRows, StoredTensor, TensorRows } from '../../../src/formats/tensors/stored_tensor';
import { transpose } from '../../../src/formats/tensors/transpose';
import { toFloat32 } from '../../../src/formats/tensors/values';
import { bytesOf, ggufBlocks, ggufFile, ggufModels, ggufPacked } from '../../helpers/golden/golden_gguf';
import { openGguf } from './described_gguf';

/** Reads the tensors of a file. Each is read at once, or its first `first` rows and then the rest. */
async function tensorsOf(file: Uint8Array, first?: number) {
  const tensors = new Map<string, { dtype: string; shape: readonly number[]; bytes: Uint8Array }>();
  for await (const { name, dtype, shape, take } of openGguf(file).tensors(() => true)) {
    const begun = first === undefined ? [] : [await take(first)];
    const parts = [...begun, await take()].map(({ bytes }) => bytes);
    tensors.set(name, { dtype, shape, bytes: new Uint8Array(Buffer.concat(parts)) });
  }
  return tensors;
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

  /** For GGUF types whose scales and minimums aren't exact in f16: the allowed rounding error, relative to a group's largest value. */
  const ROUNDING: Readonly<Record<string, number>> = {
    Q4_K: 2 / 2048, // scale and minimum
    Q5_K: 0.5 / 127 + 1 / 2048, // packed again
    Q5_1: 0.5 / 127 + 1 / 2048,
    Q6_K: 1 / 2048,
  };

  test.each(ggufBlocks)('of $name are the same in the device’s storage', ({ name, type: number, bytes }) => {
    const type = BLOCK_TYPES.get(number);
    if (type === undefined) throw new Error(`${name} isn't read`);
    const values = unpackBlocks(type, bytesOf(bytes));
    const shape = [values.length / type.elements, type.elements];
    const storage = packedStorage(type.bits)!;
    const found = storage.decode(packBlocks(type, bytesOf(bytes), shape).buffer, shape);
    for (let at = 0; at < values.length; at += 32) {
      const group = values.slice(at, at + 32);
      // If a group has a minimum, the stored values are differences from it, and these differences may be larger than the values.
      const largest = Math.max(...group.map(Math.abs), Math.max(...group) - Math.min(...group));
      const worst = Math.max(...group.map((value, i) => Math.abs(value - (found[at + i] ?? Number.NaN))));
      expect(worst, `${at}`).toBeLessThanOrEqual((ROUNDING[name] ?? 0) * largest);
    }
  });

  test('cover all types', () => {
    expect(ggufBlocks.map(({ type }) => type)).toEqual([...BLOCK_TYPES.keys()]);
  });
});

describe.each(ggufModels)('%s as GGUF', (name) => {
  const { tensors } = readSafetensors(readFileSync(`test/golden/base/${name}/model.safetensors`));
  const config = JSON.parse(readFileSync(`test/golden/base/${name}/config.json`, 'utf8'));
  /** Whether llama.cpp adds one to each element of the tensor before storing it. */
  const addsOne = (key: string): boolean => name.startsWith('gemma') && key.endsWith('norm.weight');
  const stored = ({ bytes }: { bytes: Uint8Array }): Float32Array => new Float32Array(new Uint8Array(bytes).buffer);

  test('has the tensors of its safetensors, by the checkpoint’s names', async () => {
    const found = await tensorsOf(ggufFile(name));
    expect([...found.keys()].filter((key) => key !== 'rope_freqs.weight').sort()).toEqual(
      [...tensors.keys()].filter((key) => key !== 'lm_head.weight' || !config.tie_word_embeddings).sort(),
    );
    for (const [key, tensor] of found) {
      const expected = tensors.get(key);
      if (expected === undefined) continue;
      const { dtype, shape } = expected;
      expect({ dtype: tensor.dtype, shape: tensor.shape }, key).toEqual({ dtype, shape });
      if (!addsOne(key)) expect(Buffer.compare(tensor.bytes, expected.bytes), key).toBe(0);
      // llama.cpp rounded each element plus one, so these sums are compared, to the bit.
      else
        expect(
          stored(tensor).map((it) => 1 + it),
          key,
        ).toEqual(stored(expected).map((it) => 1 + it));
    }
  });
});

/** Calls `take` with each packed matrix of a file, and returns the results by name. */
async function takenOf<T>(file: string, take: (tensor: StoredTensor) => Promise<T>): Promise<Map<string, T>> {
  const taken = new Map<string, T>();
  const isPacked = ({ name }: { readonly name: string }): boolean => name in (ggufPacked[file] ?? {});
  for await (const tensor of openGguf(ggufFile(file)).tensors(() => true)) {
    if (isPacked(tensor)) taken.set(tensor.name, await take(tensor));
  }
  return taken;
}

function packedOf({ name, packed }: StoredTensor): PackedRows {
  if (packed === undefined) throw new Error(`${name} isn't packed`);
  return packed;
}

describe.each(Object.entries(ggufPacked))('%s', (file, unpacked) => {
  test('has rows in the checkpoint’s order, taken all at once or in parts', async () => {
    const wholes = await takenOf(file, ({ take }) => take());
    const pieces = await takenOf(file, async ({ take }) => [await take(3), await take(4), await take(), await take()]);
    expect([...wholes.keys()].sort()).toEqual(Object.keys(unpacked).sort());
    for (const [name, { dtype, shape, bytes }] of wholes) {
      const [rows = 0, ...columns] = shape;
      expect(dtype).toBe('F32');
      expect(Buffer.compare(bytes, bytesOf(unpacked[name] ?? '')), name).toBe(0);
      const some = pieces.get(name) ?? [];
      expect(some.map((piece) => piece.shape)).toEqual([3, 4, rows - 7, 0].map((count) => [count, ...columns]));
      expect(Buffer.compare(Buffer.concat(some.map((piece) => piece.bytes)), bytes), name).toBe(0);
    }
  });

  test('has matrices or their transposes packed for the device: the same numbers, taken all at once or in parts', async () => {
    const wholes = await takenOf(file, ({ take }) => take());
    const packed = await takenOf(file, async (tensor) => {
      const { name, transposed, take } = packedOf(tensor);
      return { storage: storages[name], transposed, words: await take() };
    });
    const pieces = await takenOf(file, async (tensor) => {
      const { take } = packedOf(tensor);
      return [await take(3), await take()];
    });
    expect(packed.size).toBe(2);
    for (const [name, { storage, transposed, words }] of packed) {
      expect(transposed).toBe(file === 'gpt2-packed');
      const { shape, ...whole } = wholes.get(name) as TensorRows;
      expect(pieces.get(name)?.flatMap((piece) => [...piece])).toEqual([...words]);
      const [rows = 0, columns = 0] = shape;
      const exact = new Float32Array(toFloat32(whole));
      const lies = transposed ? [columns, rows] : shape;
      const numbers = storage.decode(words.buffer, lies);
      // Both formats have eight bits for each element and a float16 scale, so nothing is rounded.
      expect(numbers).toEqual(transposed ? transpose(exact, rows, columns) : exact);
    }
  });
});

describe('what llama.cpp changes of a tensor is undone', () => {
  const q8 = ggufBlocks.find(({ name }) => name === 'Q8_0') as (typeof ggufBlocks)[number];
  const read = (change: TensorChange, shape: number[], { type = 8, bytes = bytesOf(q8.bytes) } = {}) => {
    const tensor = { name: 'w', shape, type, offset: 0 };
    const packing = packingOf(tensor, 'file');
    const told = headerOf('w', tensor, packing, change);
    const numbers = change.undo(bytes, told.shape, packing);
    return { told, values: toFloat32({ dtype: told.dtype, bytes: numbers }) };
  };

  test('a sum with one is unpacked', () => {
    const { told, values } = read(PLUS_ONE, [192]);
    expect(told).toEqual({ name: 'w', dtype: 'F32', shape: [192], packed: undefined });
    expect(values).toEqual(new Float32Array(bytesOf(q8.values).buffer).map((value) => value - 1));
  });

  test('also in float16', () => {
    const bytes = new Uint8Array(Uint16Array.of(0x3c00, 0x4000, 0x4200, 0x4400, 0x4500, 0x4600).buffer);
    const turned = read(TURNED, [2, 3], { type: 1, bytes });
    expect(turned.told).toMatchObject({ dtype: 'F16', shape: [3, 2] });
    expect(turned.values).toEqual(Float32Array.of(1, 4, 2, 5, 3, 6));
    const lessOne = read(PLUS_ONE, [6], { type: 1, bytes });
    expect(lessOne.told).toMatchObject({ dtype: 'F32', shape: [6] });
    expect(lessOne.values).toEqual(Float32Array.of(0, 1, 2, 3, 4, 5));
  });
});
