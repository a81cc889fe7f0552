import { bytesOf } from '../../core/input/bytes';
import { f32ToF16, LARGEST_HALF } from '../../core/numbers/float16';
import type { SaveDtype } from '../../core/types/model';
import type { Tensor } from '../../core/types/tensor';
import { type PythonJsonFields, pythonJson } from '../../formats/python_json';
import { formatHeader, inFileOrder, type RawTensor, sizeOf, writeSafetensors } from '../../formats/tensors/safetensors';
import { TORCH_METADATA } from '../../formats/tensors/tensors';
import type { AdapterConfig } from '../config/adapter_config';
import { LARGEST_VALUE } from '../config/largest_value';
import type { AdapterTensors } from './adapter_tensors';
import { expectWritable } from './file_values';

/** The contents of `adapter_config.json` and `adapter_model.safetensors`. */
export interface AdapterBytes {
  readonly config: Uint8Array<ArrayBuffer>;
  readonly model: Uint8Array<ArrayBuffer>;
}

/** The names of data types in a safetensors header. */
const FILE_DTYPES = { float32: 'F32', float16: 'F16' } as const;

/**
 * Serialises `adapter_config.json` as PEFT does, except that the entries of the fields in `fields.ordered` stay in their order. PEFT sorts
 * them, although their order has a meaning when PEFT reads the file.
 */
export function writeAdapterConfig(config: AdapterConfig, fields: PythonJsonFields): Uint8Array<ArrayBuffer> {
  return new TextEncoder().encode(pythonJson(config.to_json(), fields));
}

/**
 * Serialises `adapter_model.safetensors` as PEFT does, with the tensors sorted by name. `dtype` applies to trained tensors; frozen ones are
 * float32. Throws `numerical_error` for values that `readAdapterModel` rejects or that `dtype` can't represent.
 */
export function writeAdapterModel(
  { parameters, frozen, others }: AdapterTensors,
  dtype: SaveDtype = 'float32',
): Uint8Array<ArrayBuffer> {
  for (const [name, { data }] of [...parameters, ...frozen]) expectWritable(name, data, LARGEST_VALUE);
  const largest = dtype === 'float16' ? LARGEST_HALF : Number.POSITIVE_INFINITY;
  for (const [name, { data }] of others) expectWritable(name, data, largest);
  const trained = [...parameters, ...others].map(([name, tensor]) => [name, stored(tensor, dtype)] as const);
  const fixed = [...frozen].map(([name, tensor]) => [name, stored(tensor, 'float32')] as const);
  return writeSafetensors([...trained, ...fixed], TORCH_METADATA);
}

function stored({ dims: shape, data }: Tensor, dtype: SaveDtype): RawTensor {
  return { dtype: FILE_DTYPES[dtype], shape, bytes: bytesOf(dtype === 'float16' ? f32ToF16(data) : data) };
}

/** The names and shapes of the tensors in a file. */
interface FileShapes {
  readonly trained: Iterable<readonly [name: string, shape: readonly number[]]>;
  readonly frozen: Iterable<readonly [name: string, shape: readonly number[]]>;
}

/** Returns the size in bytes of the file that `writeAdapterModel` would write. */
export function adapterModelBytes({ trained, frozen }: FileShapes, dtype: SaveDtype): number {
  const specs = [
    ...[...trained].map(([name, shape]) => ({ name, shape, dtype: FILE_DTYPES[dtype] })),
    ...[...frozen].map(([name, shape]) => ({ name, shape, dtype: FILE_DTYPES.float32 })),
  ];
  const header = formatHeader(inFileOrder(specs), TORCH_METADATA).length;
  return specs.reduce((bytes, spec) => bytes + sizeOf(spec), header);
}
