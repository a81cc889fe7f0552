import { bf16ToF32, f16ToF32, f32ToBf16, f32ToF16 } from './float16';
import { GROUP, type PackedForm, pack, packedBytes, Q4, Q8, unpack } from './packed';
import { numel, type Shape } from './shape';
import { STORAGE_DTYPES, type StorageName } from './storage_names';

/** Elements as in weight files: float32 numbers, or the bits of float16 or bfloat16 numbers. */
export type StoredElements = Float32Array<ArrayBuffer> | Uint16Array<ArrayBuffer>;

/** A storage format: one way to store a tensor's elements on the GPU. */
export interface Storage {
  /** The format's name in values, kernels and shaders. */
  readonly name: StorageName;
  /** The format's name in the option `dtype` of `from_pretrained`. */
  readonly dtype: (typeof STORAGE_DTYPES)[StorageName];
  /** The dtype that a file's tensor must have for its bytes to be used unchanged in this format; undefined for packed formats. */
  readonly file: 'F32' | 'F16' | 'BF16' | undefined;
  /** The dtype with which tensors in this format are written to files. */
  readonly written: 'F32' | 'F16' | 'BF16';
  /** The layout of packed rows; undefined for formats that aren't packed. */
  readonly packed: PackedForm | undefined;
  /** The length of a tensor's rows must be a multiple of this number. */
  readonly rowMultiple: number;
  /**
   * The format that embeddings and output embeddings get when this format is requested for a model, unless the file already has them in the
   * requested format. Storing these matrices with few bits harms a model most.
   */
  readonly forTokens: StorageName;
  /** Returns the number of bytes of a tensor, including scales and minimums. */
  bytes(shape: Shape): number;
  /** Decodes the tensor at the beginning of `bytes`. Returns a view for f32, otherwise a copy. */
  decode(bytes: ArrayBuffer, shape: Shape): Float32Array<ArrayBuffer>;
  /** Encodes a tensor. Each element is rounded to the nearest number that the format can store. */
  encode(numbers: Float32Array<ArrayBuffer>, shape: Shape): ArrayBufferView<ArrayBuffer>;
  /** Like `decode`, but returns elements of the dtype `written`. */
  elements(bytes: ArrayBuffer, shape: Shape): StoredElements;
}

/**
 * All storage formats. `f16` and `bf16` put two elements in a 32-bit word, without gaps between rows. `PackedForm` describes packed rows.
 */
export const storages: Readonly<Record<StorageName, Storage>> = {
  f32: {
    name: 'f32',
    dtype: STORAGE_DTYPES.f32,
    file: 'F32',
    written: 'F32',
    packed: undefined,
    rowMultiple: 1,
    forTokens: 'f32',
    bytes: (shape) => 4 * numel(shape),
    decode: (bytes, shape) => new Float32Array(bytes, 0, numel(shape)),
    encode: (numbers) => numbers,
    elements: (bytes, shape) => new Float32Array(bytes, 0, numel(shape)),
  },
  f16: halves('f16', 'F16', f16ToF32, f32ToF16),
  bf16: halves('bf16', 'BF16', bf16ToF32, f32ToBf16),
  q8: packed('q8', Q8),
  q4: packed('q4', Q4, 'q8'),
};

/** Returns the format for a matrix computed from a stored one. It is f16 for packed matrices, because packing again would round twice. */
export function unpacked(storage: Storage): Storage {
  return storage.packed === undefined ? storage : storages.f16;
}

/** Returns the packed format with the fewest bits, but at least `bits`; undefined if there is none. */
export function packedStorage(bits: number): Storage | undefined {
  const bitsOf = ({ packed }: Storage): number => packed?.bits ?? 0;
  const wide = Object.values(storages).filter((storage) => bitsOf(storage) >= bits);
  return wide.toSorted((a, b) => bitsOf(a) - bitsOf(b))[0];
}

function halves(
  name: StorageName,
  file: 'F16' | 'BF16',
  toF32: (bits: Uint16Array) => Float32Array<ArrayBuffer>,
  fromF32: (numbers: Float32Array) => Uint16Array<ArrayBuffer>,
): Storage {
  const elements = (bytes: ArrayBuffer, shape: Shape) => new Uint16Array(bytes, 0, numel(shape));
  return {
    name,
    dtype: STORAGE_DTYPES[name],
    file,
    written: file,
    packed: undefined,
    rowMultiple: 4,
    forTokens: name,
    bytes: (shape) => 2 * numel(shape),
    decode: (bytes, shape) => toF32(elements(bytes, shape)),
    encode: (numbers) => fromF32(numbers),
    elements,
  };
}

function packed(name: StorageName, form: PackedForm, forTokens = name): Storage {
  return {
    name,
    dtype: STORAGE_DTYPES[name],
    file: undefined,
    written: 'F16',
    packed: form,
    rowMultiple: GROUP,
    forTokens,
    bytes: (shape) => packedBytes(shape, form),
    decode: (bytes, shape) => unpack(bytes, shape, form),
    encode: (numbers, shape) => pack(numbers, shape, form),
    elements: (bytes, shape) => f32ToF16(unpack(bytes, shape, form)),
  };
}
