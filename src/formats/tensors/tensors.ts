import { bytesOf } from '../../core/input/bytes';
import type { Tensor } from '../../core/types/tensor';
import { expectFinite } from './finite';
import { writeSafetensors } from './safetensors';

/** The metadata that Hugging Face's libraries write for torch's tensors. */
export const TORCH_METADATA: ReadonlyMap<string, string> = new Map([['format', 'pt']]);

/** Writes a safetensors file of float32 tensors, as PEFT does. Throws `numerical_error` for numbers that aren't finite. */
export function writeTensors(tensors: Iterable<readonly [name: string, tensor: Tensor]>): Uint8Array<ArrayBuffer> {
  const raw = [...tensors].map(([name, { dims, data }]) => {
    expectFinite(name, data);
    return [name, { dtype: 'F32', shape: dims, bytes: bytesOf(data) }] as const;
  });
  return writeSafetensors(raw, TORCH_METADATA);
}
