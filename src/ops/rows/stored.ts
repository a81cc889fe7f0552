import { storages } from '../../core/numbers/storage';
import type { StorageName } from '../../core/numbers/storage_names';
import { RIGHT_READERS } from '../products/operand_storage';

/** The shader files that read single elements, for the storage formats whose rows may have any length. */
const READERS: Readonly<Partial<Record<StorageName, string>>> = {
  f32: 'stored_f32',
  f16: 'stored_f16',
  bf16: 'stored_bf16',
};

/**
 * Makes a kernel for each storage format of a matrix that the kernel reads element by element. `make` gets the shader files that define
 * `stored(row, column)`; packed formats use the files that matrix products use.
 */
export function byStorage<K>(make: (files: readonly string[]) => K): Readonly<Record<StorageName, K>> {
  const kernels = Object.values(storages).map(({ name }) => [name, make(filesOf(name))] as const);
  return Object.fromEntries(kernels) as Record<StorageName, K>;
}

function filesOf(storage: StorageName): readonly string[] {
  const own = READERS[storage];
  return own === undefined ? ['stored_packed', ...RIGHT_READERS[storage]] : [own];
}
