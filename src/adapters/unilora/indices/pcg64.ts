/** Limbs of 16 bits in 128: their products and sums are exact as numbers. */
const LIMBS = 8;
const MULTIPLIER = limbsOf(0x2360ed051fc65da44385df649fccf645n);

/** The random numbers of `numpy.random.default_rng(seed)`: PCG64 (XSL-RR), seeded by numpy's `SeedSequence`. */
export class Pcg64 {
  #state: Float64Array;
  readonly #increment: Float64Array;
  /** The upper half of the last 64 bits, if it wasn't drawn yet. */
  #upper: number | undefined;

  /** @param seed an integer from 0 to 2^53 − 1 */
  constructor(seed: number) {
    const words = seedWords(seed);
    const number = (first: number): bigint =>
      [1, 0, 3, 2].reduce((bits, at) => (bits << 32n) | BigInt(words[first + at] ?? 0), 0n);
    this.#increment = limbsOf((number(4) << 1n) | 1n);
    this.#state = add(this.#increment, limbsOf(number(0)));
    this.#step();
  }

  /** 32 random bits: the lower half of 64, then the upper half. */
  next32(): number {
    const upper = this.#upper;
    if (upper !== undefined) {
      this.#upper = undefined;
      return upper;
    }
    this.#step();
    const [a, b, c, d] = [this.#word(0), this.#word(1), this.#word(2), this.#word(3)];
    const rotation = d >>> 26;
    const [low, high] = rotation < 32 ? [a ^ c, b ^ d] : [b ^ d, a ^ c];
    const by = rotation & 31;
    this.#upper = rotated(high, low, by);
    return rotated(low, high, by);
  }

  /** An integer from 0 to `last`, by Lemire's method; `last` < 2^32 − 1. Draws nothing if `last` is 0. */
  bounded(last: number): number {
    if (last === 0) return 0;
    const count = last + 1;
    let [high, low] = product(this.next32(), count);
    if (low < count) {
      const least = (0xffff_ffff - last) % count;
      while (low < least) [high, low] = product(this.next32(), count);
    }
    return high;
  }

  /** An integer from 0 to `last`, by rejection of larger ones among those of as many bits. */
  masked(last: number): number {
    if (last === 0) return 0;
    const mask = 0xffff_ffff >>> Math.clz32(last);
    for (;;) {
      const value = (this.next32() & mask) >>> 0;
      if (value <= last) return value;
    }
  }

  #step(): void {
    this.#state = multiplyAdd(this.#state, MULTIPLIER, this.#increment);
  }

  #word(index: number): number {
    return ((this.#state[2 * index] ?? 0) | ((this.#state[2 * index + 1] ?? 0) << 16)) >>> 0;
  }
}

/** The lower word of (high, low) rotated right. */
function rotated(low: number, high: number, by: number): number {
  return (by === 0 ? low : (low >>> by) | (high << (32 - by))) >>> 0;
}

/** The upper and lower 32 bits of a product of 32-bit numbers. */
function product(a: number, b: number): [high: number, low: number] {
  const [upper, lower] = [a * (b >>> 16), a * (b & 0xffff)];
  const low = (upper % 0x1_0000) * 0x1_0000 + lower;
  return [Math.floor(upper / 0x1_0000) + Math.floor(low / 0x1_0000_0000), low % 0x1_0000_0000];
}

function limbsOf(bits: bigint): Float64Array {
  return Float64Array.from({ length: LIMBS }, (_, limb) => Number((bits >> BigInt(16 * limb)) & 0xffffn));
}

function add(a: Float64Array, b: Float64Array): Float64Array {
  return carried(a.map((limb, index) => limb + (b[index] ?? 0)));
}

/** a · b + c, modulo 2^128 */
function multiplyAdd(a: Float64Array, b: Float64Array, c: Float64Array): Float64Array {
  const sums = c.slice();
  for (let i = 0; i < LIMBS; i++) {
    const limb = a[i] as number;
    for (let j = 0; i + j < LIMBS; j++) sums[i + j] = (sums[i + j] as number) + limb * (b[j] as number);
  }
  return carried(sums);
}

/** Limbs of 16 bits again, modulo 2^128. */
function carried(sums: Float64Array): Float64Array {
  let carry = 0;
  for (let i = 0; i < LIMBS; i++) {
    const sum = (sums[i] as number) + carry;
    carry = Math.floor(sum / 0x1_0000);
    sums[i] = sum - carry * 0x1_0000;
  }
  return sums;
}

const POOL = 4;

/** Eight words of numpy's `SeedSequence(seed).generate_state`. */
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

/** A hash of words, whose constant changes with each of them. */
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
