import { WebVeraError } from '../../../core/errors/error';
import type { Tensor } from '../../../core/types/tensor';
import type { ModuleSize } from '../../adapter';
import { savedName } from '../../pool/pool_layout';

/** The values of a VeRA adapter. ΔW of a module is diag(λ_b)·B[:out]·diag(λ_d)·A[:, :in]. */
export interface VeraValues {
  readonly r: number;
  /** The sizes by module name, in the model's order. `VeraLayout.slots` is such a map. */
  readonly modules: ReadonlyMap<string, ModuleSize>;
  /** A (r, ≥ in) and B (≥ out, r), large enough for all modules. */
  readonly projections: { readonly A: Tensor; readonly B: Tensor };
  /** λ_b (out) and λ_d (r) of each module, by the names that PEFT saves them under. */
  readonly vectors: ReadonlyMap<string, Float32Array>;
}

/** An adapter, and its weight in a sum of adapters. */
export interface WeightedPart extends VeraValues {
  readonly weight: number;
}

export interface ModuleVectors {
  /** λ_b (out) */
  readonly b: Float32Array;
  /** λ_d (r) */
  readonly d: Float32Array;
}

/** Returns λ_b and λ_d of a module. Throws `invalid_argument` if one of them is missing or has another length. */
export function vectorsOf({ r, vectors }: VeraValues, module: string, { out_features }: ModuleSize): ModuleVectors {
  const vector = (kind: 'vera_lambda_b' | 'vera_lambda_d', length: number): Float32Array => {
    const name = savedName(`${module}.${kind}`);
    const values = vectors.get(name);
    if (values?.length === length) return values;
    throw new WebVeraError('invalid_argument', `${name}: expected ${length} values, got ${values?.length ?? 'none'}`);
  };
  return { b: vector('vera_lambda_b', out_features), d: vector('vera_lambda_d', r) };
}

/**
 * Returns all modules that the summed adapters wrap, each once. Throws `invalid_argument` if there are no parts, and for weights that
 * aren't finite.
 */
export function unionOfModules(parts: readonly WeightedPart[]): ReadonlyMap<string, ModuleSize> {
  if (parts.length === 0) {
    throw new WebVeraError('invalid_argument', 'A weighted sum of adapters: expected at least one adapter, got none');
  }
  const wrong = parts.find(({ weight }) => !Number.isFinite(weight));
  if (wrong !== undefined) {
    throw new WebVeraError('invalid_argument', `weights: expected finite numbers, got ${wrong.weight}`);
  }
  return new Map(parts.flatMap(({ modules }) => [...modules]));
}
