import { balancedIndices } from '../../../src/adapters/unilora/indices/balanced_indices';
import type { Value } from '../../../src/graph/value';
import { sharedEntries } from '../../../src/ops/unilora/unilora_matrices';
import { input } from '../../helpers/gpu/on_gpu';
import { randomArray } from '../../helpers/maths/random';
import type { Memory } from '../../reference/runner';

export interface Sizes {
  readonly length: number;
  readonly entries: number;
  /** The number of unused elements after every eight entries. */
  readonly gap: number;
}

/** Creates a buffer (pool) that begins with UniLoRA's vector, and a buffer of matrices whose entries are taken from this vector. */
export function sharedMatrices({ length, entries, gap }: Sizes) {
  const memory: Memory = new Map();
  const places = Uint32Array.from({ length: entries }, (_, at) => at + gap * Math.floor(at / 8));
  const size = Math.ceil(((places.at(-1) ?? 0) + 1) / 4) * 4;
  const table = sharedEntries(balancedIndices(entries, length, 3), () => places, { length, size });
  const given = (name: string, count: number, seed: number): Value =>
    input(memory, name, [count], randomArray(count, seed));
  const pool = given('pool', Math.ceil(length / 4) * 4 + 8, 1);
  const grads = given('grads', pool.shape[0] ?? 0, 2);
  return { memory, table, pool, grads, into: given('into', size, 3), d_into: given('d_into', size, 4) };
}

export const SIZES: readonly Sizes[] = [
  { length: 1, entries: 1, gap: 0 },
  { length: 5, entries: 3, gap: 0 },
  { length: 7, entries: 100, gap: 4 },
  { length: 64, entries: 640, gap: 0 },
  { length: 256, entries: 20_000, gap: 56 },
];
