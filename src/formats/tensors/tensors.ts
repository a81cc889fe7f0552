import { bytesOf } from '../../core/input/bytes';
import type { Tensor } from '../../core/types/tensor';
import { expectFinite } from './finite';
import { writeSafetensors } from './safetensors';

/** What Hugging Face's libraries say of files with tensors of torch. */
export const TORCH_METADATA: ReadonlyMap<string, string> = new Map([['format', 'pt']]);

/** A safetensors file of float32, as PEFT writes it. Throws `numerical_error` for numbers that aren't finite. */
export function writeTensors(tensors: Iterable<readonly [name: string, tensor: Tensor]>): Uint8Array<ArrayBuffer> {
  const raw = [...tensors].map(([name, { dims, data }]) => {
    expectFinite(name, data);
    return [name, { dtype: 'F32', shape: dims, bytes: bytesOf(data) }] as const;
  });
  return writeSafetensors(raw, TORCH_METADATA);
}
