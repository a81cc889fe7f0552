/**
 * Conversions between float16 or bfloat16 and float32. They work on bits, because not every engine has float16 arrays. Conversions to
 * float32 are exact; conversions from float32 round to the nearest, ties to even.
 */

const SMALLEST_HALF = 2 ** -24;
/** The largest finite number that float16 holds. */
export const LARGEST_HALF = 65504;

/** float16 bits → float32. Exact; NaN payloads are preserved. */
export function f16ToF32(source: Uint16Array, target = new Float32Array(source.length)): Float32Array<ArrayBuffer> {
  const bits = new Uint32Array(target.buffer, target.byteOffset, target.length);
  for (let index = 0; index < source.length; index++) {
    const half = source[index] ?? 0;
    const sign = (half & 0x8000) << 16;
    const magnitude = half & 0x7fff;
    if (magnitude >= 0x7c00) bits[index] = sign | 0x7f800000 | ((magnitude & 0x3ff) << 13);
    // Changes the exponent's bias from 15 to 127.
    else if (magnitude >= 0x400) bits[index] = sign | ((magnitude << 13) + 0x38000000);
    else target[index] = (sign === 0 ? magnitude : -magnitude) * SMALLEST_HALF;
  }
  return target;
}

/** Converts the bits of one float16 to a number. */
export function f16ToNumber(bits: number): number {
  const [exponent, fraction, sign] = [(bits >> 10) & 31, bits & 1023, bits & 0x8000 ? -1 : 1];
  if (exponent === 31) return fraction === 0 ? sign * Number.POSITIVE_INFINITY : Number.NaN;
  return sign * (exponent === 0 ? fraction * SMALLEST_HALF : (1024 + fraction) * 2 ** (exponent - 25));
}

/** float32 → float16 bits, to the nearest, ties to even. Magnitudes from 65520 on become infinity. */
export function f32ToF16(source: Float32Array, target = new Uint16Array(source.length)): Uint16Array<ArrayBuffer> {
  const bits = new Uint32Array(source.buffer, source.byteOffset, source.length);
  for (let index = 0; index < bits.length; index++) {
    const float = bits[index] ?? 0;
    const sign = (float >>> 16) & 0x8000;
    const magnitude = float & 0x7fffffff;
    if (magnitude > 0x7f800000) target[index] = sign | 0x7e00 | ((magnitude >>> 13) & 0x3ff);
    else if (magnitude >= 0x47800000) target[index] = sign | 0x7c00;
    // If rounding overflows the fraction, the carry increases the exponent, up to infinity. This is the correct result.
    else if (magnitude >= 0x38800000) target[index] = sign | (roundHalfEven(magnitude, 13) - 0x1c000);
    else target[index] = sign | roundSubnormal(magnitude);
  }
  return target;
}

/** bfloat16 bits → float32. Exact; NaN payloads are preserved. */
export function bf16ToF32(source: Uint16Array, target = new Float32Array(source.length)): Float32Array<ArrayBuffer> {
  const bits = new Uint32Array(target.buffer, target.byteOffset, target.length);
  for (let index = 0; index < source.length; index++) bits[index] = (source[index] ?? 0) << 16;
  return target;
}

/** float32 → bfloat16 bits, to the nearest, ties to even. */
export function f32ToBf16(source: Float32Array, target = new Uint16Array(source.length)): Uint16Array<ArrayBuffer> {
  const bits = new Uint32Array(source.buffer, source.byteOffset, source.length);
  for (let index = 0; index < bits.length; index++) {
    const float = bits[index] ?? 0;
    const magnitude = float & 0x7fffffff;
    const rounded = magnitude > 0x7f800000 ? (magnitude >>> 16) | 0x40 : roundHalfEven(magnitude, 16);
    target[index] = ((float >>> 16) & 0x8000) | rounded;
  }
  return target;
}

/** Drops the last `shift` bits of `value`, rounding to the nearest, ties to even. */
function roundHalfEven(value: number, shift: number): number {
  const odd = (value >>> shift) & 1;
  return (value + (1 << (shift - 1)) - 1 + odd) >>> shift;
}

/** Rounds a magnitude below 2^-14, given as float32 bits, to units of 2^-24: the bits of a subnormal float16. */
function roundSubnormal(magnitude: number): number {
  const exponent = magnitude >>> 23;
  // The magnitude is below half a unit. Returning here also limits the shift to 24 bits.
  if (exponent < 102) return 0;
  return roundHalfEven((magnitude & 0x7fffff) | 0x800000, 126 - exponent);
}
