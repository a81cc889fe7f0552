import type { Tensor } from '../../core/types/tensor';
import { pythonJson } from '../../formats/python_json';
import { writeTensors } from '../../formats/tensors/tensors';
import type { AdapterConfig } from '../config/adapter_config';
import { LARGEST_VALUE } from '../config/largest_value';
import type { AdapterTensors } from './adapter_tensors';
import { expectWritable } from './file_values';

/** PEFT's two files as bytes. */
export interface AdapterBytes {
  readonly config: Uint8Array<ArrayBuffer>;
  readonly model: Uint8Array<ArrayBuffer>;
}

/** The bytes of `adapter_config.json` as PEFT writes it. `floats`: the fields that Python writes as floats. */
export function writeAdapterConfig(config: AdapterConfig, floats: readonly string[]): Uint8Array<ArrayBuffer> {
  return new TextEncoder().encode(pythonJson(config.to_json(), floats));
}

/**
 * The bytes of `adapter_model.safetensors` as PEFT writes it: float32, sorted by name. Throws `numerical_error` for values that
 * `readAdapterModel` refuses.
 */
export function writeAdapterModel({ parameters, frozen, others }: AdapterTensors): Uint8Array<ArrayBuffer> {
  const own: [string, Tensor][] = [...parameters, ...frozen];
  for (const [name, { data }] of own) expectWritable(name, data, LARGEST_VALUE);
  for (const [name, { data }] of others) expectWritable(name, data, Number.POSITIVE_INFINITY);
  return writeTensors([...own, ...others]);
}
