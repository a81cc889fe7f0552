import bf16 from '../../../shaders/lib/storage/stored_bf16.wgsl?raw';
import f16 from '../../../shaders/lib/storage/stored_f16.wgsl?raw';
import f32 from '../../../shaders/lib/storage/stored_f32.wgsl?raw';
import q4 from '../../../shaders/lib/storage/stored_q4.wgsl?raw';
import q8 from '../../../shaders/lib/storage/stored_q8.wgsl?raw';
import type { StorageName } from '../../core/numbers/storage';

/** A kernel for each storage of a matrix that it reads number by number. `make` receives the shader file for the storage. */
export function byStorage<K>(make: (stored: string) => K): Readonly<Record<StorageName, K>> {
  return { f32: make(f32), f16: make(f16), bf16: make(bf16), q8: make(q8), q4: make(q4) };
}
