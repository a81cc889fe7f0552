import { defaultLimits } from '../../core/types/source';
import { readSafetensors } from '../../formats/tensors/safetensors';
import type { AdapterKind } from '../adapter';
import type { AdapterConfig } from '../config/adapter_config';
import { LARGEST_VALUE } from '../config/largest_value';
import { toTensor } from './file_values';

/** The floating-point types. Tensors that aren't the adapter's own may have any type; if it is one of these, they must be finite. */
const FLOATS: readonly string[] = ['F32', 'F16', 'BF16', 'F64'];

/**
 * Checks the content of an adapter's file without its model: the shapes must fit the configuration, and loading must accept the values.
 * Throws `limit_exceeded` and `invalid_format`.
 */
export function checkAdapterModel(
  bytes: Uint8Array,
  kind: Pick<AdapterKind, 'checkFile'>,
  config: AdapterConfig,
  limits = defaultLimits,
): void {
  const raw = readSafetensors(bytes, limits).tensors;
  const own = kind.checkFile(config, raw);
  for (const [name, tensor] of raw) {
    if (own.has(name)) toTensor(name, tensor, LARGEST_VALUE);
    else if (FLOATS.includes(tensor.dtype)) toTensor(name, tensor, Number.POSITIVE_INFINITY);
  }
}
