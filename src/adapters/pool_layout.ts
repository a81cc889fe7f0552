import { WebVeraError } from '../core/error';
import { numel, roundUp, type Shape } from '../core/shape';
import { VIEW_ALIGNMENT } from '../graph/value';

/** Where a tensor lies in a pool. */
interface PoolSlot {
  readonly shape: Shape;
  /** Floats from the pool's beginning. */
  readonly offset: number;
}

/** All that an adapter trains in one buffer, so that norm, clipping and AdamW each take one dispatch. */
export interface PoolLayout {
  /** What only adapters have, by the names that PEFT saves it under. Offsets are multiples of 4, or of more. */
  readonly parameters: ReadonlyMap<string, PoolSlot>;
  /**
   * Biases and whole modules that train, by the base model's tensor names. They lie behind all parameters; offsets are
   * multiples of `VIEW_ALIGNMENT`.
   */
  readonly tensors: ReadonlyMap<string, PoolSlot>;
  /** Floats of the pool, padding included. */
  readonly length: number;
  /** Floats that train: those of all parameters and tensors. */
  readonly trainable: number;
}

/** A tensor that is to lie in a pool. */
export interface NamedShape {
  readonly name: string;
  readonly shape: Shape;
}

/** 2^28 floats are 1 GiB. */
const MAX_LENGTH = 2 ** 28;
/** Shaders read the pool as vec4. */
const ALIGNMENT = 4;

/**
 * Places parameters, then the base model's tensors, one after the other. Parameters lie at multiples of `alignment`: 4, or
 * `VIEW_ALIGNMENT` for those that kernels bind by themselves. Throws `limit_exceeded` above 1 GiB.
 */
export function layoutPool(
  parameters: readonly NamedShape[],
  tensors: readonly NamedShape[] = [],
  alignment = ALIGNMENT,
): PoolLayout {
  let length = 0;
  let trainable = 0;
  const place = (given: readonly NamedShape[], at: number): Map<string, PoolSlot> => {
    const slots = new Map<string, PoolSlot>();
    for (const { name, shape } of given) {
      const offset = roundUp(length, at);
      length = offset + roundUp(numel(shape), ALIGNMENT);
      trainable += numel(shape);
      slots.set(name, { shape, offset });
    }
    return slots;
  };
  const layout = { parameters: place(parameters, alignment), tensors: place(tensors, VIEW_ALIGNMENT) };
  if (length > MAX_LENGTH) {
    throw new WebVeraError('limit_exceeded', `What trains: expected at most 1 GiB, got ${4 * length} bytes`, {
      hint: 'Use a smaller r, wrap fewer modules, or save fewer whole.',
    });
  }
  return { ...layout, length, trainable };
}

/** Where the parameters of a pool end, which lie before the base model's tensors. */
export function parametersEnd({ tensors, length }: PoolLayout): number {
  return Math.min(length, ...[...tensors.values()].map(({ offset }) => offset));
}

/** The parameters' shapes, by saved name. */
export function parameterShapes({ parameters }: PoolLayout): Map<string, Shape> {
  return new Map([...parameters].map(([name, { shape }]) => [name, shape]));
}

/** Parameters, by saved name, as one pool with zeros elsewhere. Throws `invalid_argument` for absent or wrong ones. */
export function packParameters(
  { parameters, length }: PoolLayout,
  values: ReadonlyMap<string, Float32Array>,
): Float32Array<ArrayBuffer> {
  const pool = new Float32Array(length);
  for (const [name, { shape, offset }] of parameters) {
    const given = values.get(name);
    if (given?.length !== numel(shape)) {
      throw new WebVeraError(
        'invalid_argument',
        `${name}: expected ${numel(shape)} values, got ${given === undefined ? 'none' : given.length}`,
      );
    }
    pool.set(given, offset);
  }
  return pool;
}

/** Copies of the parameters in a pool, by saved name. Throws `invalid_argument` for a pool of another length. */
export function unpackParameters(
  { parameters, length }: PoolLayout,
  pool: Float32Array,
): Map<string, Float32Array<ArrayBuffer>> {
  if (pool.length !== length) {
    throw new WebVeraError('invalid_argument', `Expected a pool of ${length} floats, got ${pool.length}`);
  }
  return new Map(
    [...parameters].map(([name, { shape, offset }]) => [
      name,
      pool.slice(offset, offset + numel(shape)) as Float32Array<ArrayBuffer>,
    ]),
  );
}
