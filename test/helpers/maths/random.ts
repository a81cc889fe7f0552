import { Q4 } from '../../../src/core/numbers/packed';
import { storages } from '../../../src/core/numbers/storage';
import type { DType } from '../../../src/graph/value';

/** Makes `length` numbers from a seed. */
export type Fill = (length: number, seed: number) => Float64Array;

/** Returns a seeded generator of numbers from 0 to below 1 for test inputs (mulberry32). */
export function random(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** Returns numbers in (−1, 1) times `scale`, rounded to f32 so that the GPU and the reference start from the same numbers. */
export function randomArray(length: number, seed: number, scale = 1): Float64Array {
  const next = random(seed);
  return Float64Array.from({ length }, () => Math.fround((next() * 2 - 1) * scale));
}

/** Returns whole numbers from −bound to bound. Sums of small whole numbers are exact in f32, in any order. */
export function integerArray(length: number, seed: number, bound = 4): Float64Array {
  const next = random(seed);
  return Float64Array.from({ length }, () => Math.floor(next() * (2 * bound + 1)) - bound);
}

/**
 * Returns whole numbers that a weight's storage format represents exactly. In packed formats, each group of values with a
 * common scale contains the smallest and the largest value.
 */
export function storableArray(length: number, seed: number, dtype: DType): Float64Array {
  const next = random(seed);
  const { least: first, most: last, run: group } = (dtype !== 'u32' && storages[dtype].packed) || Q4;
  const least = first < 0 ? first : -Math.floor(last / 2);
  const most = last + least - first;
  return Float64Array.from({ length }, (_, index) => {
    const place = index % group;
    return place === 3 ? most : place === 7 ? least : Math.floor(next() * (most - least + 1)) + least;
  });
}

/** Returns a weight's values: those of `fill` for f32; for other storage formats, whole numbers that they represent exactly. */
export function weightArray(length: number, seed: number, dtype: DType, fill: Fill): Float64Array {
  return dtype === 'f32' ? fill(length, seed) : storableArray(length, seed, dtype);
}
