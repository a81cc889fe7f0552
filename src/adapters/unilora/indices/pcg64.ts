/** The multiplier of the state as 32-bit words, the lowest first. */
const [M0, M1, M2, M3] = [0x9fccf645, 0x4385df64, 0x1fc65da4, 0x2360ed05] as const;
const WORD = 0x1_0000_0000;

/** Draws the random numbers of `numpy.random.default_rng(seed)`: PCG64 (XSL-RR), seeded by numpy's `SeedSequence`. */
export class Pcg64 {
  /** Four 32-bit words, the lowest first. */
  readonly #state: Uint32Array;
  readonly #increment: Uint32Array;
  /** The upper half of the last 64 bits, if it hasn't been returned yet. */
  #upper: number | undefined;

  /** @param seed an integer from 0 to 2^53 − 1 */
  constructor(seed: number) {
    const words = seedWords(seed);
    const number = (first: number): bigint =>
      [1, 0, 3, 2].reduce((bits, at) => (bits << 32n) | BigInt(words[first + at] ?? 0), 0n);
    const increment = (number(4) << 1n) | 1n;
    this.#increment = wordsOf(increment);
    this.#state = wordsOf(increment + number(0));
    this.#step();
  }

  /** Returns 32 random bits: first the lower half of 64 bits, then the upper half. */
  next32(): number {
    const upper = this.#upper;
    if (upper !== undefined) {
      this.#upper = undefined;
      return upper;
    }
    this.#step();
    const state = this.#state;
    const rotation = (state[3] as number) >>> 26;
    const even = (state[0] as number) ^ (state[2] as number);
    const odd = (state[1] as number) ^ (state[3] as number);
    const low = rotation < 32 ? even : odd;
    const high = rotation < 32 ? odd : even;
    this.#upper = rotated(high, low, rotation & 31);
    return rotated(low, high, rotation & 31);
  }

  /** Returns an integer from 0 to `last` by Lemire's method; `last` must be less than 2^32 − 1. Draws no bits if `last` is 0. */
  bounded(last: number): number {
    if (last === 0) return 0;
    const count = last + 1;
    let bits = this.next32();
    if (Math.imul(bits, count) >>> 0 < count) {
      const least = (0xffff_ffff - last) % count;
      while (Math.imul(bits, count) >>> 0 < least) bits = this.next32();
    }
    return upperHalf(bits, count);
  }

  /** Returns an integer from 0 to `last`: draws integers with as many bits as `last` until one is at most `last`. */
  masked(last: number): number {
    if (last === 0) return 0;
    const mask = 0xffff_ffff >>> Math.clz32(last);
    for (;;) {
      const value = (this.next32() & mask) >>> 0;
      if (value <= last) return value;
    }
  }

  /** Replaces the state by state · multiplier + increment, modulo 2^128. */
  #step(): void {
    const state = this.#state;
    const more = this.#increment;
    const s0 = state[0] as number;
    const s1 = state[1] as number;
    const s2 = state[2] as number;
    const s3 = state[3] as number;
    let sum = (Math.imul(s0, M0) >>> 0) + (more[0] as number);
    state[0] = sum;
    let carry = upperHalf(s0, M0) + Math.floor(sum / WORD);
    sum = (Math.imul(s0, M1) >>> 0) + (Math.imul(s1, M0) >>> 0) + (more[1] as number) + carry;
    state[1] = sum;
    carry = upperHalf(s0, M1) + upperHalf(s1, M0) + Math.floor(sum / WORD);
    sum =
      (Math.imul(s0, M2) >>> 0) + (Math.imul(s1, M1) >>> 0) + (Math.imul(s2, M0) >>> 0) + (more[2] as number) + carry;
    state[2] = sum;
    carry = upperHalf(s0, M2) + upperHalf(s1, M1) + upperHalf(s2, M0) + Math.floor(sum / WORD);
    state[3] =
      Math.imul(s0, M3) + Math.imul(s1, M2) + Math.imul(s2, M1) + Math.imul(s3, M0) + (more[3] as number) + carry;
  }
}

/** Returns the upper 32 bits of the product of two 32-bit numbers. */
function upperHalf(a: number, b: number): number {
  const high = a >>> 16;
  const low = a & 0xffff;
  const above = b >>> 16;
  const below = b & 0xffff;
  const middle = high * below + ((low * below) >>> 16);
  return high * above + Math.floor(middle / 0x1_0000) + Math.floor(((middle % 0x1_0000) + low * above) / 0x1_0000);
}

/** Rotates the 64 bits (high, low) right by fewer than 32 bits and returns the lower 32 bits. */
function rotated(low: number, high: number, by: number): number {
  return (by === 0 ? low : (low >>> by) | (high << (32 - by))) >>> 0;
}

function wordsOf(bits: bigint): Uint32Array {
  return Uint32Array.from({ length: 4 }, (_, word) => Number((bits >> BigInt(32 * word)) & 0xffff_ffffn));
}

const POOL = 4;

/** Returns the eight words of numpy's `SeedSequence(seed).generate_state`. */
function seedWords(seed: number): Uint32Array {
  const entropy = [seed % 0x1_0000_0000, Math.floor(seed / 0x1_0000_0000)];
  const mixed = hasher(0x43b0d7e5, 0x931e8875);
  const pool = Uint32Array.from({ length: POOL }, (_, index) => mixed(entropy[index] ?? 0));
  for (let from = 0; from < POOL; from++) {
    for (let to = 0; to < POOL; to++) {
      if (from !== to) pool[to] = mix(pool[to] ?? 0, mixed(pool[from] ?? 0));
    }
  }
  const drawn = hasher(0x8b51f9dd, 0x58f38ded);
  return Uint32Array.from({ length: 2 * POOL }, (_, index) => drawn(pool[index % POOL] ?? 0));
}

/** Returns a hash function for 32-bit words. The returned function changes its constant with each call. */
function hasher(first: number, multiplier: number): (word: number) => number {
  let constant = first;
  return (word) => {
    const differs = word ^ constant;
    constant = Math.imul(constant, multiplier);
    const value = Math.imul(differs, constant);
    return (value ^ (value >>> 16)) >>> 0;
  };
}

function mix(a: number, b: number): number {
  const value = Math.imul(0xca01f9dd, a) - Math.imul(0x4973f715, b);
  return (value ^ (value >>> 16)) >>> 0;
}
