import type { ModelDtype } from '../types/model';

/**
 * All storage formats: their names in values and kernels, and their names in the option `dtype`, which are torch's if torch has the type.
 */
export const STORAGE_DTYPES = {
  f32: 'float32',
  f16: 'float16',
  bf16: 'bfloat16',
  q8: 'q8',
  q4: 'q4',
} as const satisfies Readonly<Record<string, Exclude<ModelDtype, 'auto'>>>;

export type StorageName = keyof typeof STORAGE_DTYPES;
