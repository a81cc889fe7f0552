import { WebVeraError } from '../../core/errors/error';
import { bf16ToF32, f16ToF32 } from '../../core/numbers/float16';
import type { Dtype } from './dtype';
import type { RawTensor } from './safetensors';

/** The dtypes that `toFloat32` converts. */
const FLOATS: readonly Dtype[] = ['F32', 'F16', 'BF16', 'F64'];

/**
 * Converts a tensor's elements to float32 from F32, F16, BF16 or F64. F32 bytes at an aligned address aren't copied. The host must be
 * little-endian, like every machine with WebGPU. Throws `invalid_format` for other dtypes.
 */
export function toFloat32({ dtype, bytes }: Pick<RawTensor, 'dtype' | 'bytes'>): Float32Array {
  switch (dtype) {
    case 'F32':
      return new Float32Array(...aligned(bytes, 4));
    case 'F16':
      return f16ToF32(new Uint16Array(...aligned(bytes, 2)));
    case 'BF16':
      return bf16ToF32(new Uint16Array(...aligned(bytes, 2)));
    case 'F64':
      return Float32Array.from(new Float64Array(...aligned(bytes, 8)));
    default:
      throw noFloats('Expected a tensor', dtype);
  }
}

/** Throws `invalid_format` for a dtype that `toFloat32` doesn't convert. Call it before memory is allocated for the tensor. */
export function expectFloats({ name, dtype }: { readonly name: string; readonly dtype: Dtype }): void {
  if (!FLOATS.includes(dtype)) throw noFloats(`${name}: expected numbers`, dtype);
}

function noFloats(expected: string, dtype: Dtype): WebVeraError {
  return new WebVeraError('invalid_format', `${expected} of F32, F16, BF16 or F64, got ${dtype}`, {
    hint: "Quantised checkpoints can't be read; use the model's float16 or float32 files, or a GGUF file of it.",
  });
}

/**
 * Returns the arguments of a typed array over `bytes` with elements of `size` bytes. Unaligned bytes are copied, because typed arrays must
 * be aligned.
 */
function aligned(bytes: Uint8Array, size: number): [buffer: ArrayBufferLike, byteOffset: number, length: number] {
  const { buffer, byteOffset } = bytes.byteOffset % size === 0 ? bytes : bytes.slice();
  return [buffer, byteOffset, bytes.length / size];
}
