import type { ModelDtype } from '../types/model';

/** All storages by the names in values and kernels, with the name of each in `from_pretrained`'s `dtype`: torch's, if it has one. */
export const STORAGE_DTYPES = {
  f32: 'float32',
  f16: 'float16',
  bf16: 'bfloat16',
  q8: 'q8',
  q4: 'q4',
} as const satisfies Readonly<Record<string, Exclude<ModelDtype, 'auto'>>>;

export type StorageName = keyof typeof STORAGE_DTYPES;
