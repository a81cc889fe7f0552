import { bf16ToF32, f16ToF32, f32ToBf16, f32ToF16 } from './float16';
import { GROUP, type PackedName, pack, packedBytes, unpack } from './packed';
import { numel, type Shape } from './shape';

export type StorageName = 'f32' | 'f16' | 'bf16' | 'q8' | 'q4';
/** Elements as weight files store them. */
export type StoredElements = Float32Array<ArrayBuffer> | Uint16Array<ArrayBuffer>;

/** How a tensor's numbers are stored on the device: names, sizes and conversions. */
export interface Storage {
  /** The name in values, kernels and their shaders. */
  readonly name: StorageName;
  /** The name in `from_pretrained`'s `dtype`: torch's name, if torch has one. */
  readonly dtype: 'float32' | 'float16' | 'bfloat16' | 'q8' | 'q4';
  /** The safetensors dtype with the same bytes; undefined if no dtype has them. */
  readonly file: 'F32' | 'F16' | 'BF16' | undefined;
  /** The safetensors dtype in which files are written. */
  readonly written: 'F32' | 'F16' | 'BF16';
  /** A row's length must be a multiple of this. */
  readonly rowMultiple: number;
  /** Bytes of a tensor, including scales. */
  bytes(shape: Shape): number;
  /** The numbers of a tensor at the beginning of `bytes`. For f32 it is a view, not a copy. */
  decode(bytes: ArrayBuffer, shape: Shape): Float32Array<ArrayBuffer>;
  /** Encodes numbers, each rounded to the nearest value that can be stored. */
  encode(numbers: Float32Array<ArrayBuffer>, shape: Shape): ArrayBufferView<ArrayBuffer>;
  /** Like `decode`, but with the elements of the `written` dtype. */
  elements(bytes: ArrayBuffer, shape: Shape): StoredElements;
}

/**
 * All storages. `f16` and `bf16` put two numbers into a 32-bit word, row after row. `q8` and `q4` are packed: a row begins with one word
 * for each group of 32 numbers, followed by its codes, four or eight in a word.
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
  f16: halves({ name: 'f16', dtype: 'float16', file: 'F16' }, f16ToF32, f32ToF16),
  bf16: halves({ name: 'bf16', dtype: 'bfloat16', file: 'BF16' }, bf16ToF32, f32ToBf16),
  q8: packed('q8'),
  q4: packed('q4'),
};

/** The storage of a matrix computed from one with storage `storage`: packed numbers aren't packed again, because that would round twice. */
export function unpacked(storage: Storage): Storage {
  return storage.file === undefined ? storages.f16 : storage;
}

function halves(
  names: { readonly name: 'f16' | 'bf16'; readonly dtype: Storage['dtype']; readonly file: 'F16' | 'BF16' },
  toF32: (bits: Uint16Array) => Float32Array<ArrayBuffer>,
  fromF32: (numbers: Float32Array) => Uint16Array<ArrayBuffer>,
): Storage {
  const elements = (bytes: ArrayBuffer, shape: Shape) => new Uint16Array(bytes, 0, numel(shape));
  return {
    ...names,
    written: names.file,
    rowMultiple: 4,
    bytes: (shape) => 2 * numel(shape),
    decode: (bytes, shape) => toF32(elements(bytes, shape)),
    encode: (numbers) => fromF32(numbers),
    elements,
  };
}

function packed(name: PackedName): Storage {
  return {
    name,
    dtype: name,
    file: undefined,
    written: 'F16',
    rowMultiple: GROUP,
    bytes: (shape) => packedBytes(shape, name),
    decode: (bytes, shape) => unpack(bytes, shape, name),
    encode: (numbers, shape) => pack(numbers, shape, name),
    elements: (bytes, shape) => f32ToF16(unpack(bytes, shape, name)),
  };
}
