import { normals } from '../../core/numbers/rng';
import type { ModuleSize } from '../adapter';
import { layoutPool, type NamedShape, type PoolLayout, savedName } from '../pool/pool_layout';

/** The position of a module's vector l in the adapter's pool, the buffer of all its trained values. */
interface Ia3Slot extends ModuleSize {
  /** The side of the module that l scales: the input of a feed-forward module, the output of any other. */
  readonly side: 'input' | 'output';
  /** The offset in floats, a multiple of 4. */
  readonly offset: number;
}

export interface Ia3Layout extends PoolLayout {
  /** The positions of the vectors in the pool, by module name, in the model's order. */
  readonly slots: ReadonlyMap<string, Ia3Slot>;
}

interface SidedModule extends ModuleSize {
  readonly name: string;
  readonly isFeedforward: boolean;
}

/** Lays out the pool: the vector of each module, then the base model's tensors that train. Throws `limit_exceeded` above 1 GiB. */
export function layoutIa3(modules: readonly SidedModule[], tensors: readonly NamedShape[] = []): Ia3Layout {
  const vectors = modules.map(({ name, in_features, out_features, isFeedforward }) => ({
    name: vectorName(name),
    shape: isFeedforward ? [1, in_features] : [out_features, 1],
  }));
  const layout = layoutPool(vectors, tensors);
  const slots = modules.map(({ name, in_features, out_features, isFeedforward }): [string, Ia3Slot] => {
    const offset = layout.parameters.get(vectorName(name))?.offset ?? 0;
    return [name, { in_features, out_features, side: isFeedforward ? 'input' : 'output', offset }];
  });
  return { ...layout, slots: new Map(slots) };
}

/** Returns the name of a module's vector in PEFT's files. */
export function vectorName(module: string): string {
  return savedName(`${module}.ia3_l`);
}

/**
 * Returns the pool's initial values: ones, or random numbers if `init_ia3_weights` is false. The base model's tensors and padding are 0.
 */
export function initialVectors(
  { parameters, length }: PoolLayout,
  { init_ia3_weights }: { readonly init_ia3_weights: boolean },
  seed: number,
): Float32Array<ArrayBuffer> {
  const pool = new Float32Array(length);
  for (const [at, { shape, offset }] of [...parameters.values()].entries()) {
    const [rows = 0, columns = 0] = shape;
    const count = rows * columns;
    if (init_ia3_weights) pool.fill(1, offset, offset + count);
    else pool.set(normals({ seed, stream: 'init', at }, count), offset);
  }
  return pool;
}
