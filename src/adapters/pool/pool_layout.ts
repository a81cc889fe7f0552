import { WebVeraError } from '../../core/errors/error';
import { numel, roundUp, type Shape } from '../../core/numbers/shape';
import type { Tensor } from '../../core/types/tensor';
import { VIEW_ALIGNMENT } from '../../graph/value';

/** The position of a tensor in a pool. */
interface PoolSlot {
  readonly shape: Shape;
  /** The offset in floats. */
  readonly offset: number;
}

/**
 * The positions of all values that an adapter trains in one buffer, its pool. With one buffer, the norm of all gradients takes one
 * dispatch, and clipping with AdamW takes another.
 */
export interface PoolLayout {
  /** The adapter's own parameters, by the names that PEFT saves them under. Offsets are multiples of the alignment. */
  readonly parameters: ReadonlyMap<string, PoolSlot>;
  /**
   * The base model's tensors that train (biases, and tensors of modules that train whole), by their names in the base model. They follow
   * the parameters, at multiples of `VIEW_ALIGNMENT`.
   */
  readonly tensors: ReadonlyMap<string, PoolSlot>;
  /** The length in floats, padding included. */
  readonly length: number;
  /** The number of floats that train: `length` without padding. */
  readonly trainable: number;
}

/** A tensor to be placed in a pool. */
export interface NamedShape {
  readonly name: string;
  readonly shape: Shape;
}

/** The maximum length in floats: 1 GiB. */
const MAX_LENGTH = 2 ** 28;
/** The alignment of offsets in floats: shaders read the pool as vec4. */
const ALIGNMENT = 4;

/**
 * Lays out a pool: the parameters, then the base model's tensors. The offsets of parameters are multiples of `alignment`: 4, or
 * `VIEW_ALIGNMENT` if kernels bind parameters one by one. Throws `limit_exceeded` above 1 GiB.
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
  const placed = place(parameters, alignment);
  const own = length;
  const layout = { parameters: placed, tensors: place(tensors, VIEW_ALIGNMENT) };
  if (length > MAX_LENGTH) {
    throw new WebVeraError('limit_exceeded', `What trains: expected at most 1 GiB, got ${4 * length} bytes`, {
      hint: `modules_to_save takes ${4 * (length - own)} bytes of it: name fewer modules there. A smaller r and fewer target_modules reduce the rest.`,
    });
  }
  return { ...layout, length, trainable };
}

/** Returns the offset at which the parameters of a pool end and the base model's tensors begin. */
export function parametersEnd({ tensors, length }: PoolLayout): number {
  return Math.min(length, ...[...tensors.values()].map(({ offset }) => offset));
}

/** Returns the shapes of the parameters, by their names in PEFT's files. */
export function parameterShapes({ parameters }: PoolLayout): Map<string, Shape> {
  return new Map([...parameters].map(([name, { shape }]) => [name, shape]));
}

/**
 * Returns a pool that holds these parameters, given by their names in PEFT's files, and zeros elsewhere. Throws `invalid_argument` for
 * missing parameters and wrong lengths.
 */
export function packParameters(
  { parameters, length }: PoolLayout,
  values: ReadonlyMap<string, Pick<Tensor, 'data'>>,
): Float32Array<ArrayBuffer> {
  const pool = new Float32Array(length);
  for (const [name, { shape, offset }] of parameters) {
    const given = values.get(name)?.data;
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

/** Returns copies of the parameters in a pool, by their names in PEFT's files. Throws `invalid_argument` for a pool of another length. */
export function unpackParameters({ parameters, length }: PoolLayout, pool: Float32Array): Map<string, Tensor> {
  if (pool.length !== length) {
    throw new WebVeraError('invalid_argument', `Expected a pool of ${length} floats, got ${pool.length}`);
  }
  return new Map(
    [...parameters].map(([name, { shape, offset }]) => [
      name,
      { dims: shape, data: pool.slice(offset, offset + numel(shape)) },
    ]),
  );
}

/** Returns the name under which PEFT saves a parameter of the base model or of a wrapped module. */
export function savedName(parameter: string): string {
  return `base_model.model.${parameter}`;
}
