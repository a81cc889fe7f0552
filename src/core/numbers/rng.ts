import { Breather } from '../async/breather';
import { WebVeraError } from '../errors/error';
import { philox4x32 } from './philox';

/** The uses of random numbers. Each use has its own counter range, so that no two uses share numbers. */
export const STREAMS = { reservoir: 0, shuffle: 1, init: 2, sample: 3 } as const;

/** The first of the streams for dropout. The micro-steps of a step use this stream and the streams after it, one for each micro-step. */
export const DROPOUT_STREAMS = 4;

/** The key of an endless sequence of random numbers. The same key always gives the same sequence; no state is stored. */
export interface RandomKey {
  /** A safe integer, possibly negative. All of its bits are used. */
  readonly seed: number;
  readonly stream: keyof typeof STREAMS;
  /** A second index within the stream, such as the epoch or the step: an integer below 2^32. Default 0. */
  readonly at?: number;
}

/** Derives a seed from a name: an integer below 2^32 that depends only on the name. */
export function seedOf(name: string): number {
  return [...name].reduce((hash, letter) => (Math.imul(hash, 31) + (letter.codePointAt(0) ?? 0)) >>> 0, 0);
}

/** Returns element `index` of the key's sequence: a number in [0, 1) with 53 random bits. */
export function randomAt(key: RandomKey, index: number): number {
  const [seedLow, seedHigh] = seedWords(key.seed);
  const block = Math.floor(index / 2);
  const bits = philox4x32(
    [block >>> 0, Math.floor(block / 0x100000000), (key.at ?? 0) >>> 0, STREAMS[key.stream]],
    [seedLow, seedHigh],
  );
  const [a, b] = index % 2 === 0 ? [bits[0], bits[1]] : [bits[2], bits[3]];
  return ((a >>> 5) * 0x4000000 + (b >>> 6)) / 0x20000000000000;
}

/** Returns `length` values in [0, 1). Each is a multiple of 2^-24, and so exact in float32. */
export function uniforms(key: RandomKey, length: number): Float32Array {
  return Float32Array.from({ length }, (_, index) => Math.floor(randomAt(key, index) * 0x1000000) / 0x1000000);
}

/** Returns `length` values from a standard normal distribution (Box-Muller). */
export function normals(key: RandomKey, length: number): Float32Array {
  return Float32Array.from({ length }, (_, index) => {
    const radius = Math.sqrt(-2 * Math.log1p(-randomAt(key, 2 * index)));
    return radius * Math.cos(2 * Math.PI * randomAt(key, 2 * index + 1));
  });
}

/** The number of swaps between two pauses of a shuffle. */
const ITEMS = 2 ** 14;

/**
 * Shuffles the indices 0 … length-1 for an epoch. The permutation depends only on length, seed and epoch. A million items take half a
 * second, with pauses.
 */
export async function permutation(length: number, seed: number, epoch: number): Promise<Uint32Array> {
  const breather = new Breather();
  const order = Uint32Array.from({ length }, (_, index) => index);
  for (let i = length - 1; i > 0; i--) {
    if (i % ITEMS === 0) await breather.breathe();
    const j = Math.floor(randomAt({ seed, stream: 'shuffle', at: epoch }, i) * (i + 1));
    const moved = order[i] as number;
    order[i] = order[j] as number;
    order[j] = moved;
  }
  return order;
}

/** Returns the low and the high 32 bits of a seed in two's complement. Throws `invalid_argument` unless the seed is a safe integer. */
export function seedWords(seed: number): readonly [number, number] {
  if (!Number.isSafeInteger(seed)) {
    throw new WebVeraError('invalid_argument', `seed: expected a safe integer, got ${seed}`);
  }
  return [seed >>> 0, Math.floor(seed / 0x100000000) >>> 0];
}
