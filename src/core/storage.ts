import { bf16ToF32, f16ToF32, f32ToBf16, f32ToF16 } from './float16';
import { GROUP, packedBytes, packQ4, packQ8, unpackQ4, unpackQ8 } from './packed';
import { numel, type Shape } from './shape';

export type StorageName = 'f32' | 'f16' | 'bf16' | 'q8' | 'q4';
/** Elements as files have them. */
export type Elements = Float32Array<ArrayBuffer> | Uint16Array<ArrayBuffer>;

/** A way for a tensor's numbers to lie on the device: what others call it, what it takes, and how numbers go in and out. */
export interface Storage {
  /** In values, kernels and their shaders. */
  readonly name: StorageName;
  /** What `from_pretrained`'s `dtype` calls it: torch's name, if it has one. */
  readonly dtype: 'float32' | 'float16' | 'bfloat16' | 'q8' | 'q4';
  /** That of files' tensors which lie byte for byte as they do here; undefined where none do. */
  readonly file: 'F32' | 'F16' | 'BF16' | undefined;
  /** That in which files are written. */
  readonly written: 'F32' | 'F16' | 'BF16';
  /** A row is a multiple of so many numbers. */
  readonly rowMultiple: number;
  /** Bytes of a tensor, with all that its numbers need. */
  bytes(shape: Shape): number;
  /** The numbers of a tensor that lies at the beginning of `bytes`: not a copy where they lie as they are. */
  decode(bytes: ArrayBuffer, shape: Shape): Float32Array<ArrayBuffer>;
  /** A tensor's numbers as they lie here, each rounded to the nearest that there is. */
  encode(numbers: Float32Array<ArrayBuffer>, shape: Shape): ArrayBufferView<ArrayBuffer>;
  /** As `decode`, for a file: elements of `written`. */
  elements(bytes: ArrayBuffer, shape: Shape): Elements;
}

/**
 * All there are. `f16` and `bf16`: two in a 32-bit word, rows one behind the other. `q8` and `q4` are packed: a row's groups of 32
 * numbers first, a word each, then its codes, four or eight in a word.
 */
export const storages: Readonly<Record<StorageName, Storage>> = {
  f32: {
    name: 'f32',
    dtype: 'float32',
    file: 'F32',
    written: 'F32',
    rowMultiple: 1,
    bytes: (shape) => 4 * numel(shape),
    decode: (bytes, shape) => new Float32Array(bytes, 0, numel(shape)),
    encode: (numbers) => numbers,
    elements: (bytes, shape) => new Float32Array(bytes, 0, numel(shape)),
  },
  f16: {
    name: 'f16',
    dtype: 'float16',
    file: 'F16',
    written: 'F16',
    rowMultiple: 4,
    bytes: (shape) => 2 * numel(shape),
    decode: (bytes, shape) => f16ToF32(halves(bytes, shape)),
    encode: (numbers) => f32ToF16(numbers),
    elements: halves,
  },
  bf16: {
    name: 'bf16',
    dtype: 'bfloat16',
    file: 'BF16',
    written: 'BF16',
    rowMultiple: 4,
    bytes: (shape) => 2 * numel(shape),
    decode: (bytes, shape) => bf16ToF32(halves(bytes, shape)),
    encode: (numbers) => f32ToBf16(numbers),
    elements: halves,
  },
  q8: {
    name: 'q8',
    dtype: 'q8',
    file: undefined,
    written: 'F16',
    rowMultiple: GROUP,
    bytes: (shape) => packedBytes(shape, 'q8'),
    decode: unpackQ8,
    encode: packQ8,
    elements: (bytes, shape) => f32ToF16(unpackQ8(bytes, shape)),
  },
  q4: {
    name: 'q4',
    dtype: 'q4',
    file: undefined,
    written: 'F16',
    rowMultiple: GROUP,
    bytes: (shape) => packedBytes(shape, 'q4'),
    decode: unpackQ4,
    encode: packQ4,
    elements: (bytes, shape) => f32ToF16(unpackQ4(bytes, shape)),
  },
};

/** What a matrix made of one that is stored like this is kept as: packed numbers aren't packed again, as that would round twice. */
export function unpacked(storage: Storage): Storage {
  return storage.file === undefined ? storages.f16 : storage;
}

function halves(bytes: ArrayBuffer, shape: Shape): Uint16Array<ArrayBuffer> {
  return new Uint16Array(bytes, 0, numel(shape));
}
