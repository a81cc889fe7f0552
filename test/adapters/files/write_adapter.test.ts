import { describe, expect, test } from 'vitest';
import { adapterModelBytes, writeAdapterModel } from '../../../src/adapters/files/write_adapter';
import { readSafetensors } from '../../../src/formats/tensors/safetensors';
import { toFloat32 } from '../../../src/formats/tensors/values';

const tensor = (numbers: readonly number[], dims = [numbers.length]) => ({ dims, data: Float32Array.from(numbers) });
const empty = new Map();

function readBack(bytes: Uint8Array, name: string): { readonly dtype: string; readonly numbers: readonly number[] } {
  const raw = readSafetensors(bytes).tensors.get(name)!;
  return { dtype: raw.dtype, numbers: [...toFloat32(raw)] };
}

describe('a file in float16', () => {
  // Neighbouring float16 numbers differ by 2⁻¹⁰ from 1 to 2, and by 2⁻²⁴ near 0. A number halfway between two is rounded to the even one.
  test.each([
    [1 + 2 ** -11, 1],
    [1 + 3 * 2 ** -11, 1 + 2 ** -9],
    [1 + 2 ** -11 + 2 ** -20, 1 + 2 ** -10],
    [-(1 + 2 ** -11), -1],
    [2 ** -25, 0],
    [3 * 2 ** -25, 2 ** -23],
    [0.1, 0.0999755859375],
  ])('rounds %d once, to %d', (number, expected) => {
    const bytes = writeAdapterModel(
      { parameters: new Map([['l', tensor([number])]]), frozen: empty, others: empty },
      'float16',
    );
    expect(readBack(bytes, 'l')).toEqual({ dtype: 'F16', numbers: [expected] });
  });

  test('holds trained tensors in half the bytes, and frozen tensors unchanged', () => {
    const tensors = {
      parameters: new Map([['l', tensor([1.5, 1 / 3])]]),
      others: new Map([['head.weight', tensor([1 / 3, 2, 3, 4], [2, 2])]]),
      frozen: new Map([['A', tensor([1 / 3])]]),
    };
    const bytes = writeAdapterModel(tensors, 'float16');
    const third = Math.fround(1 / 3);
    expect(readBack(bytes, 'l')).toEqual({ dtype: 'F16', numbers: [1.5, 0.333251953125] });
    expect(readBack(bytes, 'head.weight').dtype).toBe('F16');
    expect(readBack(bytes, 'A')).toEqual({ dtype: 'F32', numbers: [third] });
    expect(writeAdapterModel(tensors)).toEqual(writeAdapterModel(tensors, 'float32'));
    expect(readBack(writeAdapterModel(tensors), 'l')).toEqual({ dtype: 'F32', numbers: [1.5, third] });
  });

  test('refuses numbers of whole modules that are too large for float16', () => {
    const file = (number: number) => ({ parameters: empty, frozen: empty, others: new Map([['w', tensor([number])]]) });
    expect(() => writeAdapterModel(file(65505), 'float16')).toThrow(
      expect.objectContaining({
        code: 'numerical_error',
        message: 'w: expected finite values of at most 65504, got 65505',
      }),
    );
    expect(readBack(writeAdapterModel(file(65504), 'float16'), 'w').numbers).toEqual([65504]);
    expect(readBack(writeAdapterModel(file(65505)), 'w').numbers).toEqual([65505]);
  });
});

test.each(['float32', 'float16'] as const)('the size of a file in %s is known without its numbers', (dtype) => {
  const parameters = new Map([
    ['b', tensor([1, 2, 3])],
    ['a', tensor([1])],
  ]);
  const others = new Map([['head.weight', tensor([1, 2, 3, 4, 5, 6], [2, 3])]]);
  const frozen = new Map([['A', tensor([1, 2])]]);
  const shapesOf = (tensors: ReadonlyMap<string, { readonly dims: readonly number[] }>) =>
    [...tensors].map(([name, { dims }]) => [name, dims] as const);
  const shapes = { trained: [...shapesOf(parameters), ...shapesOf(others)], frozen: shapesOf(frozen) };
  expect(adapterModelBytes(shapes, dtype)).toBe(writeAdapterModel({ parameters, others, frozen }, dtype).length);
});
