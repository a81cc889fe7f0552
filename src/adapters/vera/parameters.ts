import { WebVeraError } from '../../core/error';
import { normals } from '../../core/rng';
import { numel, roundUp, type Shape } from '../../core/shape';
import { VIEW_ALIGNMENT } from '../../graph/value';

/** Where the two trained vectors of one module lie in the pool. Offsets count floats and are multiples of 4. */
export interface ModuleSlot {
  readonly in_features: number;
  readonly out_features: number;
  /** λ_b: `out_features` floats from here. */
  readonly offsetB: number;
  /** λ_d: r floats from here. */
  readonly offsetD: number;
}

/** Where a trained tensor of the base model lies in the pool: floats, and a multiple of `VIEW_ALIGNMENT`. */
export interface TensorSlot {
  readonly shape: Shape;
  readonly offset: number;
}

/** All that an adapter trains in one buffer, so that norm, clipping and AdamW each take one dispatch. */
export interface ParameterLayout {
  readonly r: number;
  /** By module name, in the model's order. */
  readonly slots: ReadonlyMap<string, ModuleSlot>;
  /** Biases and whole modules that train beside the vectors, by the base model's tensor names. */
  readonly tensors: ReadonlyMap<string, TensorSlot>;
  /** Floats of the pool, padding included. */
  readonly length: number;
  /** Floats that train: the sum of out_features + r over all modules, and the tensors' elements. */
  readonly trainable: number;
}

export interface InitialValues {
  readonly d_initial: number;
  /** False draws λ_d from a normal distribution and sets λ_b to one, as PEFT does for its tests. */
  readonly init_weights: boolean;
}

/** 2^28 floats are 1 GiB. */
const MAX_LENGTH = 2 ** 28;
/** Shaders read the pool as vec4. */
const ALIGNMENT = 4;

/** Places λ_b, then λ_d, module after module, then the tensors. Throws `limit_exceeded` above 1 GiB. */
export function layoutParameters(
  modules: readonly { readonly name: string; readonly in_features: number; readonly out_features: number }[],
  r: number,
  trained: readonly { readonly name: string; readonly shape: Shape }[] = [],
): ParameterLayout {
  const slots = new Map<string, ModuleSlot>();
  let length = 0;
  let trainable = 0;
  for (const { name, in_features, out_features } of modules) {
    const offsetB = length;
    const offsetD = offsetB + roundUp(out_features, ALIGNMENT);
    length = offsetD + roundUp(r, ALIGNMENT);
    trainable += out_features + r;
    slots.set(name, { in_features, out_features, offsetB, offsetD });
  }
  const tensors = new Map<string, TensorSlot>();
  for (const { name, shape } of trained) {
    const offset = roundUp(length, VIEW_ALIGNMENT);
    length = offset + roundUp(numel(shape), ALIGNMENT);
    trainable += numel(shape);
    tensors.set(name, { shape, offset });
  }
  if (length > MAX_LENGTH) {
    throw new WebVeraError('limit_exceeded', `What trains: expected at most 1 GiB, got ${4 * length} bytes`, {
      hint: 'Use a smaller r, wrap fewer modules, or save fewer whole.',
    });
  }
  return { r, slots, tensors, length, trainable };
}

/** The pool before the first step, but for the tensors. `seed` matters only without `init_weights`. Padding is 0. */
export function initialParameters(
  { r, slots, length }: ParameterLayout,
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

/** The shapes of the vectors under the names that PEFT saves them by. */
export function parameterShapes({ r, slots }: ParameterLayout): Map<string, readonly number[]> {
  const shapes = new Map<string, readonly number[]>();
  for (const [module, { out_features }] of slots) {
    shapes.set(savedName(module, 'vera_lambda_b'), [out_features]);
    shapes.set(savedName(module, 'vera_lambda_d'), [r]);
  }
  return shapes;
}

/** The vectors, by saved name, as one pool with zeros for padding. Throws `invalid_argument` for absent or wrong ones. */
export function packParameters(
  layout: ParameterLayout,
  vectors: ReadonlyMap<string, Float32Array>,
): Float32Array<ArrayBuffer> {
  const pool = new Float32Array(layout.length);
  forEachVector(layout, (name, offset, length) => {
    const vector = vectors.get(name);
    if (vector?.length !== length) {
      throw new WebVeraError(
        'invalid_argument',
        `${name}: expected ${length} values, got ${vector === undefined ? 'none' : vector.length}`,
      );
    }
    pool.set(vector, offset);
  });
  return pool;
}

/** Copies of the vectors in a pool, by saved name. */
export function unpackParameters(layout: ParameterLayout, pool: Float32Array): Map<string, Float32Array<ArrayBuffer>> {
  if (pool.length !== layout.length) {
    throw new WebVeraError('invalid_argument', `Expected a pool of ${layout.length} floats, got ${pool.length}`);
  }
  const vectors = new Map<string, Float32Array<ArrayBuffer>>();
  forEachVector(layout, (name, offset, length) => {
    vectors.set(name, new Float32Array(pool.subarray(offset, offset + length)));
  });
  return vectors;
}

function forEachVector(
  { r, slots }: ParameterLayout,
  visit: (name: string, offset: number, length: number) => void,
): void {
  for (const [module, { out_features, offsetB, offsetD }] of slots) {
    visit(savedName(module, 'vera_lambda_b'), offsetB, out_features);
    visit(savedName(module, 'vera_lambda_d'), offsetD, r);
  }
}

function savedName(module: string, vector: 'vera_lambda_b' | 'vera_lambda_d'): string {
  return `base_model.model.${module}.${vector}`;
}
