import { f16ToF32, f32ToF16 } from './float16';
import { numel, type Shape } from './shape';

export type StorageName = 'f32' | 'f16';
type Elements = Float32Array<ArrayBuffer> | Uint16Array<ArrayBuffer>;

/** A way for a tensor's numbers to lie on the device: what others call it, what it takes, and how numbers go in and out. */
export interface Storage {
  /** In values, kernels and their shaders. */
  readonly name: StorageName;
  /** torch's name. */
  readonly torch: 'float32' | 'float16';
  /** That of safetensors. */
  readonly file: 'F32' | 'F16';
  /** A row is a multiple of so many numbers. */
  readonly rowMultiple: number;
  /** Bytes of a tensor, with all that its numbers need. */
  bytes(shape: Shape): number;
  /** The elements of bytes as they lie there. */
  elements(buffer: ArrayBuffer, offset?: number, count?: number): Elements;
  /** Elements as numbers: not a copy where they are. */
  decode(elements: Elements): Float32Array<ArrayBuffer>;
  /** Numbers as elements, each rounded to the nearest. */
  encode(numbers: Float32Array<ArrayBuffer>): Elements;
}

/** All there are. `f16` is packed: two halves in a 32-bit word, rows one behind the other. */
export const storages: Readonly<Record<StorageName, Storage>> = {
  f32: {
    name: 'f32',
    torch: 'float32',
    file: 'F32',
    rowMultiple: 1,
    bytes: (shape) => 4 * numel(shape),
    elements: (buffer, offset, count) => new Float32Array(buffer, offset, count),
    decode: (elements) => elements as Float32Array<ArrayBuffer>,
    encode: (numbers) => numbers,
  },
  f16: {
    name: 'f16',
    torch: 'float16',
    file: 'F16',
    rowMultiple: 4,
    bytes: (shape) => 2 * numel(shape),
    elements: (buffer, offset, count) => new Uint16Array(buffer, offset, count),
    decode: (elements) => f16ToF32(elements as Uint16Array<ArrayBuffer>),
    encode: (numbers) => f32ToF16(numbers),
  },
};
