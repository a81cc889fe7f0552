import { bf16ToF32, f16ToF32, f32ToBf16, f32ToF16 } from './float16';
import { GROUP, type PackedName, pack, packedBytes, unpack } from './packed';
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
  f16: halves({ name: 'f16', dtype: 'float16', file: 'F16' }, f16ToF32, f32ToF16),
  bf16: halves({ name: 'bf16', dtype: 'bfloat16', file: 'BF16' }, bf16ToF32, f32ToBf16),
  q8: packed('q8'),
  q4: packed('q4'),
};

/** What a matrix made of one that is stored like this is kept as: packed numbers aren't packed again, as that would round twice. */
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
