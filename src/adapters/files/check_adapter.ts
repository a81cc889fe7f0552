import { defaultLimits } from '../../core/types/source';
import { readSafetensors } from '../../formats/tensors/safetensors';
import type { AdapterKind } from '../adapter';
import type { AdapterConfig } from '../config/adapter_config';
import { LARGEST_VALUE } from '../config/largest_value';
import { toTensor } from './file_values';

/** The data types whose values are checked in tensors that aren't the adapter's own. A file may also have tensors of other types. */
const FLOATS: readonly string[] = ['F32', 'F16', 'BF16', 'F64'];

/**
 * Checks an adapter's tensors without its model: shapes must fit the configuration, and values must be ones that loading accepts. Throws
 * `limit_exceeded`, `invalid_format`.
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
