import { WebVeraError } from '../../core/errors/error';
import { Mt19937 } from '../../core/numbers/mt19937';
import { numel, roundUp, type Shape } from '../../core/numbers/shape';
import { TorchNormals } from '../../core/numbers/torch_normal';
import { fillUniform } from '../../core/numbers/torch_uniform';
import { VIEW_ALIGNMENT } from '../../graph/value';
import { placeWords } from '../../ops/unilora/unilora_matrices';
import type { ModuleSize } from '../adapter';
import { layoutPool, type NamedShape, type PoolLayout } from '../pool/pool_layout';
import type { UniLoraConfig } from './config/unilora_config';

/** The vector's name in PEFT's files. */
export const THETA = 'base_model.unilora_theta_d';

/** The position of a matrix in the buffer that holds all matrices. */
interface MatrixSlot {
  readonly shape: Shape;
  /** The offset in floats, a multiple of `VIEW_ALIGNMENT`. */
  readonly offset: number;
}

/** The positions of a module's A (r, in) and B (out, r). */
export interface MatrixSlots {
  readonly A: MatrixSlot;
  readonly B: MatrixSlot;
}

/**
 * The positions of the matrices A (r, in) and B (out, r) of all modules in one buffer. Each entry of a matrix is a value of the trained
 * vector, divided by the square root of the number of entries that have this value.
 */
export interface MatricesLayout {
  readonly modules: ReadonlyMap<string, MatrixSlots>;
  /** The length of the buffer in floats, gaps included. */
  readonly length: number;
  /** The number of entries in all matrices. */
  readonly entries: number;
}

/** The length of a matrix in the buffer is rounded up to a multiple of this: kernels read four floats at a time. */
const WORD = 4;
/**
 * The largest binding that WebGPU guarantees by default, in words of 4 bytes. One kernel binds all matrices at once. Another binds a table
 * that lists, for each value of the vector, the entries that have it.
 */
const MOST_WORDS = 2 ** 25;

/**
 * Lays out A and B of each module in one buffer, as `Graph.join` does. Throws `limit_exceeded` if more than 128 MiB are needed for the
 * matrices, or for the table that lists the entries of each value of the vector.
 */
export function layoutMatrices(
  modules: ReadonlyMap<string, ModuleSize>,
  { r, theta_d_length }: Pick<UniLoraConfig, 'r' | 'theta_d_length'>,
): MatricesLayout {
  let length = 0;
  let entries = 0;
  const place = (...shape: readonly number[]): MatrixSlot => {
    const offset = roundUp(length, VIEW_ALIGNMENT);
    length = offset + roundUp(numel(shape), WORD);
    entries += numel(shape);
    return { shape, offset };
  };
  const placed = [...modules].map(([name, { in_features, out_features }]) => {
    const A = place(r, in_features);
    return [name, { A, B: place(out_features, r) }] as const;
  });
  const words = Math.max(length, placeWords(theta_d_length, entries));
  if (words > MOST_WORDS) {
    const message = `r and theta_d_length: expected matrices and their places of at most 128 MiB each, got ${4 * words} bytes`;
    throw new WebVeraError('limit_exceeded', message, {
      hint: 'Use a smaller r or theta_d_length, or wrap fewer modules.',
    });
  }
  return { modules: new Map(placed), length, entries };
}

/** Lays out the pool: the vector, then the base model's tensors that train. */
export function layoutVector(theta_d_length: number, tensors: readonly NamedShape[] = []): PoolLayout {
  return layoutPool([{ name: THETA, shape: [theta_d_length] }], tensors);
}

/**
 * Returns the pool's initial values, equal to PEFT's on a CPU after `torch.manual_seed(seed)`: PEFT draws the vector before anything else.
 * The base model's tensors and padding are 0.
 */
export function initialVector(
  { length }: PoolLayout,
  { theta_d_length, init_weights, init_theta_d_bound }: UniLoraConfig,
  seed: number,
): Float32Array<ArrayBuffer> {
  const pool = new Float32Array(length);
  const vector = pool.subarray(0, theta_d_length);
  const generator = new Mt19937(seed);
  if (init_weights) fillUniform(vector, generator, init_theta_d_bound);
  else new TorchNormals(generator).fill(vector, 1);
  return pool;
}
