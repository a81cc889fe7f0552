import { describe, expect, test } from 'vitest';
import { storages, unpacked } from '../../../src/core/numbers/storage';
import type { StorageName } from '../../../src/core/numbers/storage_names';
import { randomArray } from '../../helpers/maths/random';

const shape = [3, 96] as const;
const count = 288;

/** Encodes numbers in a storage format, and returns the numbers decoded from it. */
function kept(name: StorageName, numbers: Float32Array<ArrayBuffer>): Float32Array {
  const encoded = storages[name].encode(numbers, shape);
  expect(encoded.byteLength).toBe(storages[name].bytes(shape));
  return storages[name].decode(encoded.buffer, shape);
}

/** Returns the largest error of a decoded number. Each error is divided by `bound` of the group of `size` numbers that it belongs to. */
function worst(numbers: Float32Array, found: Float32Array, size: number, bound: (group: readonly number[]) => number) {
  let most = 0;
  for (let at = 0; at < count; at += size) {
    const group = [...numbers.slice(at, at + size)];
    const errors = group.map((number, i) => Math.abs(number - (found[at + i] ?? Number.NaN)));
    most = Math.max(most, Math.max(...errors) / bound(group));
  }
  return most;
}

const PACKED = Object.values(storages).flatMap(({ name, packed }) => (packed === undefined ? [] : [name]));
const scales = [1e-3, 0.02, 1, 300];

describe('packed numbers', () => {
  test.each(scales)('q8, around %f: errors are half a step at most; the largest of sixteen is 127 steps', (scale) => {
    const numbers = Float32Array.from(randomArray(count, 1, scale));
    const share = worst(numbers, kept('q8', numbers), 16, (group) => Math.max(...group.map(Math.abs)) / 127);
    // A group's step is rounded to float16: with a relative error of at most 1/2048, or for steps below 2⁻¹⁴ an error of 2⁻²⁴.
    expect(share).toBeLessThanOrEqual(0.5 * (1 + 1 / 2048 + (127 * 2 ** -24) / (scale / 2)));
    expect(share).toBeGreaterThan(0.4);
  });

  test.each(scales)('q4, around %f: errors are half a step at most; thirty-two span 15 steps', (scale) => {
    const numbers = Float32Array.from(randomArray(count, 1, scale));
    const share = worst(numbers, kept('q4', numbers), 32, (group) => (Math.max(...group) - Math.min(...group)) / 15);
    // The step and the minimum are rounded to float16. The minimum's error is at most 1/2048 of 15 steps.
    expect(share).toBeLessThanOrEqual(0.5 * (1 + 1 / 2048 + (15 * 2 ** -24) / scale) + 15 / 2048);
    expect(share).toBeGreaterThan(0.4);
  });

  test.each(PACKED)('%s: packed again, numbers stay the same', (name) => {
    const once = kept(name, Float32Array.from(randomArray(count, 2, 0.05))) as Float32Array<ArrayBuffer>;
    const again = kept(name, once);
    const { most = 1, hasMinimum } = storages[name].packed ?? {};
    const step = (hasMinimum ? 0.1 : 0.05) / most;
    expect(Math.max(...again.map((number, i) => Math.abs(number - (once[i] ?? 0))))).toBeLessThan(step / 100);
  });

  test.each(PACKED)('%s: zeros, equal numbers, the tiniest and the largest', (name) => {
    const numbers = new Float32Array(count);
    numbers.fill(0.25, 32, 64);
    numbers.fill(1e-12, 64, 96);
    numbers.fill(3e38, 96, 128);
    numbers.fill(-3e38, 128, 160);
    const found = kept(name, numbers);
    expect([...found.slice(0, 32)]).toEqual(Array(32).fill(0));
    for (const number of found.slice(32, 64)) expect(number).toBeCloseTo(0.25, 4);
    for (const number of found.slice(64, 96)) expect(Math.abs(number)).toBeLessThan(2 ** -20);
    const most = 65504 * (storages[name].packed?.most ?? 1);
    for (const number of found.slice(96, 160)) expect(Math.abs(number)).toBeGreaterThan(65503);
    for (const number of found) expect(Math.abs(number)).toBeLessThanOrEqual(most + 65504);
  });

  test.each(PACKED)('%s: a NaN stays one, only in its group', (name) => {
    const numbers = Float32Array.from(randomArray(count, 3));
    numbers[40] = Number.NaN;
    const found = kept(name, numbers);
    expect(found[40]).toBeNaN();
    expect([...found.slice(0, 32), ...found.slice(64)].every(Number.isFinite)).toBe(true);
  });

  test('take 9 and 5 bits a number', () => {
    expect(storages.q8.bytes([64, 1024])).toBe((64 * 1024 * 9) / 8);
    expect(storages.q4.bytes([64, 1024])).toBe((64 * 1024 * 5) / 8);
  });

  test('a row holds the scales of its groups, then its codes', () => {
    const row = Float32Array.from({ length: 32 }, (_, i) => (i === 0 ? -127 : i === 31 ? 254 : i % 2));
    const [scales = 0, ...codes] = new Uint32Array(storages.q8.encode(row, [1, 32]).buffer);
    expect(scales).toBe(0x40003c00); // 2 and 1
    expect([codes[0], codes[7]]).toEqual([0x81808101, 0xff808180]);
    const few = Float32Array.from({ length: 32 }, (_, i) => (i < 16 ? i : 15) - 8);
    expect([...new Uint32Array(storages.q4.encode(few, [1, 32]).buffer)]).toEqual([
      0xc8003c00, 0x73625140, 0xfbead9c8, 0xffffffff, 0xffffffff,
    ]);
  });
});

test('a matrix computed from packed numbers is stored in f16, any other as before', () => {
  for (const storage of Object.values(storages)) {
    expect(unpacked(storage).name).toBe(storage.packed === undefined ? storage.name : 'f16');
  }
});

test.each(Object.values(storages))('$name: as in files', ({ name, file, written, encode, decode, elements }) => {
  const numbers = Float32Array.from(randomArray(count, 4));
  const bytes = encode(numbers, shape).buffer;
  const inFile = elements(bytes, shape);
  expect(inFile.BYTES_PER_ELEMENT).toBe(written === 'F32' ? 4 : 2);
  if (file === undefined) expect(inFile).toEqual(storages.f16.encode(decode(bytes, shape), shape));
  else expect(new Uint8Array(inFile.buffer, inFile.byteOffset, inFile.byteLength)).toEqual(new Uint8Array(bytes));
  expect(name).not.toBe('');
});
