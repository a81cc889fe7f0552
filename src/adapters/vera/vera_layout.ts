import { WebVeraError } from '../../core/errors/error';
import { normals } from '../../core/numbers/rng';
import type { ModuleSize } from '../adapter';
import { layoutPool, type NamedShape, type PoolLayout, savedName } from '../pool/pool_layout';

/** The name of a module's vector of trained row norms, which PEFT's VeRA doesn't have. */
export const MAGNITUDE = 'vera_magnitude_vector';

/** The positions of a module's trained vectors in the pool. Offsets are in floats and multiples of 4. */
export interface ModuleSlot extends ModuleSize {
  /** The offset of λ_b, which has `out_features` floats. */
  readonly offsetB: number;
  /** The offset of λ_d, which has r floats. */
  readonly offsetD: number;
  /** The offset of the trained row norms, `out_features` floats. Undefined without `use_dora`. */
  readonly offsetM: number | undefined;
}

export interface VeraLayout extends PoolLayout {
  readonly r: number;
  /** The positions of the vectors in the pool, by module name, in the model's order. */
  readonly slots: ReadonlyMap<string, ModuleSlot>;
}

interface InitialValues {
  readonly d_initial: number;
  /** If false, λ_d is drawn from a normal distribution and λ_b is filled with ones, as in PEFT, for tests. */
  readonly init_weights: boolean;
}

/**
 * Lays out the pool: λ_b, λ_d and, with `use_dora`, the row norms of each module, then the base model's tensors that train. Throws
 * `limit_exceeded` above 1 GiB.
 */
export function layoutVectors(
  modules: readonly (ModuleSize & { readonly name: string })[],
  r: number,
  tensors: readonly NamedShape[] = [],
  use_dora = false,
): VeraLayout {
  const vectors = modules.flatMap(({ name, out_features }) => [
    { name: savedName(`${name}.vera_lambda_b`), shape: [out_features] },
    { name: savedName(`${name}.vera_lambda_d`), shape: [r] },
    ...(use_dora ? [{ name: savedName(`${name}.${MAGNITUDE}`), shape: [out_features] }] : []),
  ]);
  const layout = layoutPool(vectors, tensors);
  const offsetOf = (vector: string): number => {
    const slot = layout.parameters.get(savedName(vector));
    if (slot === undefined) throw new WebVeraError('internal', `The pool has no place for ${vector}`);
    return slot.offset;
  };
  const slots = modules.map(({ name, in_features, out_features }) => {
    const offsets = {
      offsetB: offsetOf(`${name}.vera_lambda_b`),
      offsetD: offsetOf(`${name}.vera_lambda_d`),
      offsetM: use_dora ? offsetOf(`${name}.${MAGNITUDE}`) : undefined,
    };
    return [name, { in_features, out_features, ...offsets }] as const;
  });
  return { ...layout, r, slots: new Map(slots) };
}

/**
 * Returns the initial values of the pool. The row norms and the base model's tensors are 0 at first: they are computed or copied later.
 * `seed` has an effect only if `init_weights` is false, because λ_d is random then.
 */
export function initialVectors(
  { r, slots, length }: VeraLayout,
  { d_initial, init_weights }: InitialValues,
  seed: number,
): Float32Array<ArrayBuffer> {
  const pool = new Float32Array(length);
  for (const [index, { out_features, offsetB, offsetD }] of [...slots.values()].entries()) {
    if (init_weights) {
      pool.fill(d_initial, offsetD, offsetD + r);
    } else {
      pool.fill(1, offsetB, offsetB + out_features);
      pool.set(normals({ seed, stream: 'init', at: index }, r), offsetD);
    }
  }
  return pool;
}
