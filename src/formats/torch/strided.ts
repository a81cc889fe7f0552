import { numel } from '../../core/shape';
import { byteSize } from '../dtype';
import type { TensorRef } from './pickle_machine';

/**
 * A tensor's elements in a buffer of their own, row-major, out of its storage's bytes. The reference was checked: all of it lies
 * within, and it has no more elements than the storage.
 */
export function elementsOf({ storage, offset, shape, strides }: TensorRef, bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  const width = byteSize(storage.dtype, [1]) ?? 0;
  if (isContiguous(shape, strides)) return bytes.slice(offset * width, (offset + numel(shape)) * width);
  const out = new Uint8Array(numel(shape) * width);
  const at = shape.map(() => 0);
  let from = offset;
  for (let to = 0; to < out.length; to += width) {
    out.set(bytes.subarray(from * width, (from + 1) * width), to);
    // To the next element: the last axis runs fastest.
    for (let axis = shape.length - 1; axis >= 0; axis--) {
      const [size = 1, stride = 0, index = 0] = [shape[axis], strides[axis], at[axis]];
      at[axis] = index + 1 < size ? index + 1 : 0;
      from += index + 1 < size ? stride : -index * stride;
      if (index + 1 < size) break;
    }
  }
  return out;
}

/** Whether a tensor is all of its storage, in its order. */
export function isWhole({ storage, offset, shape, strides }: TensorRef): boolean {
  return offset === 0 && numel(shape) === storage.length && isContiguous(shape, strides);
}

function isContiguous(shape: readonly number[], strides: readonly number[]): boolean {
  let expected = 1;
  for (let axis = shape.length - 1; axis >= 0; axis--) {
    const size = shape[axis] ?? 1;
    // An axis of one element has no next one.
    if (size !== 1 && strides[axis] !== expected) return false;
    expected *= size;
  }
  return true;
}
