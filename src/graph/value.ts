import { numel, roundUp, type Shape } from '../core/shape';

/** `f16` is packed: two halves in a 32-bit word, rows one after the other. */
export type DType = 'f32' | 'u32' | 'f16';

/**
 * A tensor in a program. It owns no memory: the planner gives transient values slots that others reuse; a pinned
 * value (weights, trained vectors, caches, inputs) has memory of its own that outlives the run. Compared by identity.
 */
export interface Value {
  readonly name: string;
  readonly shape: Shape;
  readonly dtype: DType;
  readonly pinned: boolean;
}

export function pinned(name: string, shape: Shape, dtype: DType = 'f32'): Value {
  return { name, shape, dtype, pinned: true };
}

export function transient(name: string, shape: Shape, dtype: DType = 'f32'): Value {
  return { name, shape, dtype, pinned: false };
}

/** Bytes of a value's buffer: whole `vec4`s, so that shaders may read four at a time. */
export function byteLength(value: Value): number {
  const bytes = numel(value.shape) * (value.dtype === 'f16' ? 2 : 4);
  return Math.max(16, roundUp(bytes, 16));
}
