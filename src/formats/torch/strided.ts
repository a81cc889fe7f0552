import { Breather } from '../../core/async/breather';
import { numel } from '../../core/numbers/shape';
import { byteSize } from '../tensors/dtype';
import type { TensorRef } from './pickle_machine';

/** Elements that are copied before the thread is yielded. */
const STRETCH = 2 ** 18;

/**
 * Copies a tensor's elements from its storage into a new buffer, row-major. `bytes` holds the storage, and must be aligned to eight bytes.
 * The caller must have checked that the tensor lies within the storage, and has at most as many elements. If the elements aren't
 * contiguous, this function yields the thread now and then.
 */
export async function elementsOf(
  { storage, offset, shape, strides }: TensorRef,
  bytes: Uint8Array<ArrayBuffer>,
): Promise<Uint8Array<ArrayBuffer>> {
  const width = byteSize(storage.dtype, [1]) ?? 0;
  if (isContiguous(shape, strides)) return bytes.slice(offset * width, (offset + numel(shape)) * width);
  // An element of eight bytes is copied as two halves of four bytes, along an extra last axis.
  const halves = width === 8 ? 2 : 1;
  const all = halves === 1 ? { shape, strides } : { shape: [...shape, 2], strides: [...strides.map((s) => 2 * s), 1] };
  const from = elementsIn(bytes, width);
  const to = from.slice(0, halves * numel(shape));
  await copy(from, halves * offset, all, to);
  return new Uint8Array(to.buffer);
}

type Elements = Uint8Array<ArrayBuffer> | Uint16Array<ArrayBuffer> | Uint32Array<ArrayBuffer>;

function elementsIn({ buffer, byteOffset, length }: Uint8Array<ArrayBuffer>, width: number): Elements {
  if (width === 1) return new Uint8Array(buffer, byteOffset, length);
  return width === 2
    ? new Uint16Array(buffer, byteOffset, length / 2)
    : new Uint32Array(buffer, byteOffset, length / 4);
}

/** Copies the elements of a view of `source` that begins at `from`, in the view's order. */
async function copy(
  source: Elements,
  from: number,
  { shape, strides }: Pick<TensorRef, 'shape' | 'strides'>,
  target: Elements,
): Promise<void> {
  const breather = new Breather();
  const [columns, step] = [shape.at(-1) ?? 1, strides.at(-1) ?? 0];
  const at = shape.map(() => 0);
  let row = from;
  let column = 0;
  for (let to = 0, stretch = STRETCH; to < target.length; ) {
    for (const end = Math.min(columns, column + STRETCH); column < end; column++) {
      target[to++] = source[row + column * step] ?? 0;
    }
    if (column === columns) {
      column = 0;
      row += nextRow(at, shape, strides);
    }
    if (to < stretch) continue;
    stretch = to + STRETCH;
    await breather.breathe();
  }
}

/** Advances the index `at` to the next row, and returns the distance to that row in elements of the source. */
function nextRow(at: number[], shape: readonly number[], strides: readonly number[]): number {
  let distance = 0;
  for (let axis = shape.length - 2; axis >= 0; axis--) {
    const [size = 1, stride = 0, index = 0] = [shape[axis], strides[axis], at[axis]];
    at[axis] = index + 1 < size ? index + 1 : 0;
    distance += index + 1 < size ? stride : -index * stride;
    if (index + 1 < size) break;
  }
  return distance;
}

/** Whether a tensor covers its whole storage, in order. */
export function isWhole({ storage, offset, shape, strides }: TensorRef): boolean {
  return offset === 0 && numel(shape) === storage.length && isContiguous(shape, strides);
}

function isContiguous(shape: readonly number[], strides: readonly number[]): boolean {
  let expected = 1;
  for (let axis = shape.length - 1; axis >= 0; axis--) {
    const size = shape[axis] ?? 1;
    // The stride of an axis with one element doesn't matter.
    if (size !== 1 && strides[axis] !== expected) return false;
    expected *= size;
  }
  return true;
}
