import { describe, expect, test } from 'vitest';
import { bf16ToF32, f16ToF32, f32ToBf16, f32ToF16 } from '../../../src/core/numbers/float16';
import { toFloat32 } from '../../../src/formats/tensors/values';
import { codeThrownBy } from '../../helpers/bytes/safetensors_bytes';

const allPatterns = Uint16Array.from({ length: 65536 }, (_, bits) => bits);

/** Decodes a 16-bit float by the format's definition: a sign, `exponentBits` and `fractionBits`. */
function byDefinition(bits: number, exponentBits: number, fractionBits: number): number {
  const sign = bits >= 0x8000 ? -1 : 1;
  const fraction = (bits & (2 ** fractionBits - 1)) / 2 ** fractionBits;
  const exponent = (bits & 0x7fff) >> fractionBits;
  const bias = 2 ** (exponentBits - 1) - 1;
  if (exponent === 2 ** exponentBits - 1) return fraction === 0 ? sign * Number.POSITIVE_INFINITY : Number.NaN;
  if (exponent === 0) return sign * fraction * 2 ** (1 - bias);
  return sign * (1 + fraction) * 2 ** (exponent - bias);
}

/**
 * Returns the first difference by `Object.is`, which distinguishes −0 from 0. One assertion covers all values, because 65,536
 * assertions would be slow.
 */
function firstDifference(actual: ArrayLike<number>, expected: (index: number) => number): unknown {
  for (let index = 0; index < actual.length; index++) {
    if (!Object.is(actual[index], expected(index))) return { index, actual: actual[index], expected: expected(index) };
  }
  return undefined;
}

const halves = f16ToF32(allPatterns);
const brains = bf16ToF32(allPatterns);

describe('every one of the 65,536 patterns', () => {
  test('float16 is read by its definition', () => {
    expect(firstDifference(halves, (bits) => byDefinition(bits, 5, 10))).toBeUndefined();
  });
  test('bfloat16 is read by its definition', () => {
    expect(firstDifference(brains, (bits) => byDefinition(bits, 8, 7))).toBeUndefined();
  });
  test('float16 is unchanged after a round trip, NaNs quiet', () => {
    const quiet = (bits: number) => ((bits & 0x7fff) > 0x7c00 ? bits | 0x200 : bits);
    expect(firstDifference(f32ToF16(halves), quiet)).toBeUndefined();
  });
  test('bfloat16 is unchanged after a round trip, NaNs quiet', () => {
    const quiet = (bits: number) => ((bits & 0x7fff) > 0x7f80 ? bits | 0x40 : bits);
    expect(firstDifference(f32ToBf16(brains), quiet)).toBeUndefined();
  });
});

/** Yields the float32 values just below, at and just above the midpoint of every two neighbouring values, with their rounded bits. */
function* middles(values: Float32Array, infinity: number, step: number): Generator<[value: number, bits: number]> {
  const float = new Float32Array(1);
  const bits = new Uint32Array(float.buffer);
  for (let lower = 0; lower < infinity; lower++) {
    // The largest finite value is rounded as if a further value, in the place of infinity, followed it.
    const above = lower + 1 === infinity ? (values[lower] ?? 0) + step : (values[lower + 1] ?? 0);
    float[0] = ((values[lower] ?? 0) + above) / 2;
    yield [float[0], lower % 2 === 0 ? lower : lower + 1];
    bits[0] = (bits[0] ?? 0) - 1;
    yield [float[0], lower];
    bits[0] += 2;
    yield [float[0], lower + 1];
  }
}

describe('rounding to the nearest, ties to even, around the middle of each two neighbours', () => {
  test.each([
    ['float16', f32ToF16, halves, 0x7c00, 32],
    ['bfloat16', f32ToBf16, brains, 0x7f80, 2 ** 120],
  ] as const)('%s', (_, convert, values, infinity, step) => {
    const cases = [...middles(values, infinity, step)];
    const inputs = Float32Array.from(cases, ([value]) => value);
    expect(firstDifference(convert(inputs), (index) => cases[index]?.[1] ?? -1)).toBeUndefined();
    const negative = convert(inputs.map((value) => -value));
    expect(firstDifference(negative, (index) => (cases[index]?.[1] ?? -1) + 0x8000)).toBeUndefined();
  });
  test('a number that is too small becomes a zero of its sign, one that is too large an infinity', () => {
    expect([...f32ToF16(Float32Array.of(1e-30, -1e-45, 2 ** -25, 65519, 65520, -1e30))]).toEqual([
      0, 0x8000, 0, 0x7bff, 0x7c00, 0xfc00,
    ]);
  });
});

test('a given target is filled', () => {
  const target = new Float32Array(2);
  expect(f16ToF32(Uint16Array.of(0x3c00, 0xc000), target)).toBe(target);
  expect([...target]).toEqual([1, -2]);
  const halves = new Uint16Array(2);
  expect(f32ToF16(Float32Array.of(1, -2), halves)).toBe(halves);
  expect([...halves]).toEqual([0x3c00, 0xc000]);
});

describe('toFloat32', () => {
  const numbers = [1, -2.5, 0.5];
  const bytesOf = (array: ArrayBufferView) => new Uint8Array(array.buffer, array.byteOffset, array.byteLength);
  const cases = [
    ['F32', bytesOf(Float32Array.from(numbers))],
    ['F64', bytesOf(Float64Array.from(numbers))],
    ['F16', bytesOf(f32ToF16(Float32Array.from(numbers)))],
    ['BF16', bytesOf(Uint16Array.of(0x3f80, 0xc020, 0x3f00))],
  ] as const;
  test.each(cases)('reads %s at every offset', (dtype, bytes) => {
    for (let offset = 0; offset < 9; offset++) {
      const shifted = new Uint8Array(bytes.length + offset);
      shifted.set(bytes, offset);
      expect([...toFloat32({ dtype, bytes: shifted.subarray(offset) })]).toEqual(numbers);
    }
  });
  test('does not copy aligned float32', () => {
    const source = Float32Array.from(numbers);
    expect(toFloat32({ dtype: 'F32', bytes: bytesOf(source) }).buffer).toBe(source.buffer);
  });
  test('refuses other dtypes', () => {
    expect(codeThrownBy(() => toFloat32({ dtype: 'I32', bytes: new Uint8Array(4) }))).toBe('invalid_format');
  });
});
