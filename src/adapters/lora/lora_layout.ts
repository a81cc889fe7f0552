import { VIEW_ALIGNMENT } from '../../graph/value';
import type { ModuleSize } from '../adapter';
import { layoutPool, type NamedShape, type PoolLayout, savedName } from '../pool/pool_layout';

/** A wrapped module with its own rank and scale. */
export interface RankedModule extends ModuleSize {
  readonly r: number;
  /** The factor of B·A: the module's alpha / r, or alpha / √r with `use_rslora`. */
  readonly scale: number;
  readonly hasBias: boolean;
}

export interface LoraLayout extends PoolLayout {
  /** The wrapped modules, by name, in the model's order. */
  readonly modules: ReadonlyMap<string, RankedModule>;
  readonly lora_bias: boolean;
  readonly use_dora: boolean;
}

/** Whether each module has a bias of B and magnitudes, in addition to A and B. */
type BesideMatrices = Pick<LoraLayout, 'lora_bias' | 'use_dora'>;

/** Returns the name in PEFT's files of a module's `lora_A.weight`, `lora_B.weight`, `lora_B.bias` or `lora_magnitude_vector`. */
export function matrixName(module: string, matrix: 'A.weight' | 'B.weight' | 'B.bias' | 'magnitude_vector'): string {
  return savedName(`${module}.lora_${matrix}`);
}

/**
 * Lays out the pool: A (r, in), B (out, r) and, if the adapter has them, the bias of B (out) and the magnitudes (out) of each module, then
 * the base model's tensors that train. Throws `limit_exceeded` above 1 GiB.
 */
export function layoutMatrices(
  modules: ReadonlyMap<string, RankedModule>,
  { lora_bias, use_dora }: BesideMatrices,
  tensors: readonly NamedShape[] = [],
): LoraLayout {
  const matrices = [...modules].flatMap(([name, { in_features, out_features, r }]) => [
    { name: matrixName(name, 'A.weight'), shape: [r, in_features] },
    { name: matrixName(name, 'B.weight'), shape: [out_features, r] },
    ...(lora_bias ? [{ name: matrixName(name, 'B.bias'), shape: [out_features] }] : []),
    ...(use_dora ? [{ name: matrixName(name, 'magnitude_vector'), shape: [out_features] }] : []),
  ]);
  // Kernels bind each matrix as a view of the pool, and views must be aligned.
  return { ...layoutPool(matrices, tensors, VIEW_ALIGNMENT), modules, lora_bias, use_dora };
}
