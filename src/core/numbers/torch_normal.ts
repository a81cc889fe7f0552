import type { Mt19937 } from './mt19937';

/*
 * torch's `normal_` for float32 on a CPU with AVX2 or AVX-512: the Box-Muller transform in groups of 16, with Cephes' logarithm, sine and
 * cosine in float32. On other machines, torch uses other implementations of these functions, whose results differ in the last bits.
 */

const GROUP = 16;
const round = Math.fround;

/** Draws normally distributed numbers as torch does: fewer than 16 in pairs, with an unused number saved for the next call. */
export class TorchNormals {
  readonly #generator: Mt19937;
  #kept: number | undefined;

  constructor(generator: Mt19937) {
    this.#generator = generator;
  }

  /** Fills `out` as torch's `normal_(0, std)` does. */
  fill(out: Float32Array, std: number): void {
    if (out.length < GROUP) {
      for (let i = 0; i < out.length; i++) out[i] = this.#next() * std;
      return;
    }
    this.#fillUniform(out);
    for (let first = 0; first + GROUP <= out.length; first += GROUP) transform(out.subarray(first, first + GROUP), std);
    if (out.length % GROUP === 0) return;
    // As in torch, the last 16 numbers are drawn again if the length isn't a multiple of 16.
    const last = out.subarray(out.length - GROUP);
    this.#fillUniform(last);
    transform(last, std);
  }

  #fillUniform(out: Float32Array): void {
    const bits = new Uint32Array(out.length);
    this.#generator.fill(bits);
    for (let i = 0; i < out.length; i++) out[i] = ((bits[i] as number) & 0xffffff) / 0x1000000;
  }

  #next(): number {
    const kept = this.#kept;
    this.#kept = undefined;
    if (kept !== undefined) return kept;
    const [first, second] = [this.#uniform(), this.#uniform()];
    const radius = Math.sqrt(-2 * Math.log1p(-second));
    const angle = 2 * Math.PI * first;
    this.#kept = radius * Math.sin(angle);
    return radius * Math.cos(angle);
  }

  /** Draws a number in [0, 1) with 53 random bits. */
  #uniform(): number {
    const bits = new Uint32Array(2);
    this.#generator.fill(bits);
    const [high = 0, low = 0] = bits;
    return ((high & 0x1fffff) * 2 ** 32 + low) / 2 ** 53;
  }
}

/** Transforms eight pairs of uniform numbers: number i gives the radius of a pair, number i + 8 its angle. */
function transform(numbers: Float32Array, std: number): void {
  const half = GROUP / 2;
  const factor = round(std);
  for (let i = 0; i < half; i++) {
    const radius = round(Math.sqrt(round(-2 * logarithm(round(1 - (numbers[i] as number))))));
    const [sine, cosine] = sineAndCosine(round(TWO_PI * (numbers[i + half] as number)));
    numbers[i] = round(radius * cosine) * factor;
    numbers[i + half] = round(radius * sine) * factor;
  }
}

const TWO_PI = round(2 * Math.PI);

/** Computes a·b + c like a fused multiply-add: the product of two float32 numbers is exact in a double, so only the sum is rounded. */
function fused(a: number, b: number, c: number): number {
  return round(a * b + c);
}

function polynomial(x: number, coefficients: Float32Array): number {
  return coefficients.reduce((sum, coefficient) => fused(sum, x, coefficient));
}

const LOG = Float32Array.of(
  7.0376836292e-2,
  -1.151461031e-1,
  1.167699874e-1,
  -1.2420140846e-1,
  1.4249322787e-1,
  -1.6668057665e-1,
  2.0000714765e-1,
  -2.4999993993e-1,
  3.3333331174e-1,
);
const LN2_HIGH = 0.693359375;
const LN2_LOW = round(-2.1219444e-4);
const SQRT_HALF = round(Math.SQRT1_2);

/** Computes ln(x) for a positive normal float32. */
function logarithm(x: number): number {
  const [bits = 0] = new Uint32Array(Float32Array.of(x).buffer);
  // x = m · 2^e with m in [0.5, 1)
  const m = ((bits & 0x7fffff) | 0x800000) / 2 ** 24;
  const isSmall = m < SQRT_HALF;
  const e = (bits >>> 23) - 0x7e - (isSmall ? 1 : 0);
  const t = isSmall ? round(round(m - 1) + m) : round(m - 1);
  const square = round(t * t);
  const cubic = fused(round(polynomial(t, LOG) * t), square, round(e * LN2_LOW));
  return fused(e, LN2_HIGH, round(t + fused(square, -0.5, cubic)));
}

const SINE = Float32Array.of(-1.9515295891e-4, 8.3321608736e-3, -1.6666654611e-1);
const COSINE = Float32Array.of(2.443315711809948e-5, -1.388731625493765e-3, 4.166664568298827e-2);
const FOUR_BY_PI = round(1.27323954473516);
/** π/4 as a sum of three float32 numbers, so that its multiples can be subtracted precisely. */
const QUARTERS = Float32Array.of(0.78515625, 2.4187564849853516e-4, 3.774894977445941e-8);

/** Computes the sine and cosine of an angle of 0 or more. */
function sineAndCosine(x: number): readonly [sine: number, cosine: number] {
  const octant = (Math.trunc(round(x * FOUR_BY_PI)) + 1) & ~1;
  const rest = QUARTERS.reduce((angle, quarter) => fused(octant, -quarter, angle), x);
  const square = round(rest * rest);
  const falling = fused(round(polynomial(square, COSINE) * square), square, -round(square * 0.5));
  const even = round(falling + 1);
  const odd = fused(round(polynomial(square, SINE) * square), rest, rest);
  const [sine, cosine] = (octant & 2) === 0 ? [odd, even] : [even, odd];
  return [(octant & 4) === 0 ? sine : -sine, ((octant + 2) & 4) === 0 ? cosine : -cosine];
}
