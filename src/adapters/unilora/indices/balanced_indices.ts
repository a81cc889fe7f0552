import { Pcg64 } from './pcg64';

/** The largest population from which numpy always draws a sample by Floyd's method. */
const SMALL = 10_000;
/** From a population above `SMALL`, numpy draws a sample of more than 1 / `SHARE` of it by shuffling the end of the population. */
const SHARE = 50;

/**
 * Returns `count` random indices into a vector of `length` values, equal to those of PEFT's `UniLoraModel.generate_index`. Each index
 * occurs ⌊count / length⌋ times or once more, in an order shuffled by numpy's `default_rng(seed)`.
 */
export function balancedIndices(count: number, length: number, seed: number): Uint32Array<ArrayBuffer> {
  const random = new Pcg64(seed);
  const indices = new Uint32Array(count);
  const each = Math.floor(count / length);
  for (let index = 0; index < length; index++) indices.fill(index, index * each, (index + 1) * each);
  const remaining = count - each * length;
  if (remaining > 0) indices.set(choose(random, length, remaining), each * length);
  for (let i = count - 1; i > 0; i--) swap(indices, i, random.masked(i));
  return indices;
}

/** Draws `size` different integers below `length`, equal to those of numpy's `Generator.choice(length, size, replace=False)`. */
function choose(random: Pcg64, length: number, size: number): Uint32Array {
  if (length > SMALL && size > Math.floor(length / SHARE)) {
    const all = Uint32Array.from({ length }, (_, index) => index);
    for (let i = length - 1; i >= Math.max(length - size, 1); i--) swap(all, i, random.bounded(i));
    return all.slice(length - size);
  }
  const chosen = new Set<number>();
  for (let last = length - size; last < length; last++) {
    const drawn = random.bounded(last);
    chosen.add(chosen.has(drawn) ? last : drawn);
  }
  const order = Uint32Array.from(chosen);
  for (let i = size - 1; i > 0; i--) swap(order, i, random.bounded(i));
  return order;
}

function swap(values: Uint32Array, i: number, j: number): void {
  const value = values[i] as number;
  values[i] = values[j] as number;
  values[j] = value;
}
