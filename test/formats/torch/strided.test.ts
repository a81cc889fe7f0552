import { afterEach, expect, test, vi } from 'vitest';
import type { Dtype } from '../../../src/formats/tensors/dtype';
import type { TensorRef } from '../../../src/formats/torch/pickle_machine';
import { elementsOf } from '../../../src/formats/torch/strided';

afterEach(() => void vi.restoreAllMocks());

const view = (
  length: number,
  {
    dtype = 'F32',
    offset = 0,
    shape,
    strides,
  }: Pick<TensorRef, 'shape' | 'strides'> & { dtype?: Dtype; offset?: number },
): TensorRef => ({ kind: 'tensor', storage: { kind: 'storage', key: '0', dtype, length }, offset, shape, strides });

/** Returns the indices of a tensor's elements in its storage, by the definition of strides. */
function placesOf({ offset, shape, strides }: TensorRef): number[] {
  let places = [offset];
  for (const [axis, size] of shape.entries()) {
    places = places.flatMap((place) => Array.from({ length: size }, (_, i) => place + i * (strides[axis] ?? 0)));
  }
  return places;
}

test.each([
  ['turned', { shape: [6, 4], strides: [1, 6] }],
  ['some columns', { offset: 2, shape: [4, 3], strides: [6, 1] }],
  ['every second', { offset: 1, shape: [12], strides: [2] }],
  ['the same again', { offset: 3, shape: [4, 5], strides: [0, 1] }],
  ['one number again', { offset: 3, shape: [20], strides: [0] }],
  ['three axes in another order', { shape: [4, 2, 3], strides: [1, 12, 4] }],
  ['axes of one element', { offset: 1, shape: [1, 3, 1, 2, 1], strides: [9, 2, 9, 7, 9] }],
  ['none of a row', { shape: [3, 0], strides: [7, 2] }],
])('%s: the elements that a view has, in its order, whatever their size', async (_, at) => {
  for (const [dtype, width] of [
    ['U8', 1],
    ['F16', 2],
    ['F32', 4],
    ['F64', 8],
  ] as const) {
    const bytes = Uint8Array.from({ length: 24 * width }, (_, index) => (37 * index) % 251);
    const tensor = view(24, { dtype, ...at });
    const expected = placesOf(tensor).flatMap((place) => [...bytes.subarray(place * width, (place + 1) * width)]);
    const elements = await elementsOf(tensor, bytes);
    expect([...elements]).toEqual(expected);
    expect(elements.buffer.byteLength).toBe(expected.length);
  }
});

test.each([
  ['rows', { shape: [1000, 1000], strides: [1, 1000] }],
  ['one long row', { shape: [1_000_000], strides: [2] }],
])('%s: a million elements give way to others as time goes by', async (_, at) => {
  let now = 0;
  vi.spyOn(performance, 'now').mockImplementation(() => (now += 1000));
  const timers = vi.spyOn(globalThis, 'setTimeout');
  const elements = await elementsOf(view(2_000_000, { dtype: 'U8', ...at }), new Uint8Array(2_000_000).fill(7));
  expect(elements.every((byte) => byte === 7)).toBe(true);
  expect(elements.length).toBe(1_000_000);
  expect(timers.mock.calls.length).toBeGreaterThanOrEqual(3);
});
