/**
 * Halves and brain floats as numbers. Conversions go through the bits, since typed arrays of halves aren't everywhere;
 * they are exact one way and round to the nearest, ties to even, the other.
 */

const SMALLEST_HALF = 2 ** -24;

/** float16 bits → float32. Exact; NaN payloads are kept. */
export function f16ToF32(source: Uint16Array, target = new Float32Array(source.length)): Float32Array<ArrayBuffer> {
  const bits = new Uint32Array(target.buffer, target.byteOffset, target.length);
  for (let index = 0; index < source.length; index++) {
    const half = source[index] ?? 0;
    const sign = (half & 0x8000) << 16;
    const magnitude = half & 0x7fff;
    if (magnitude >= 0x7c00) bits[index] = sign | 0x7f800000 | ((magnitude & 0x3ff) << 13);
    // The exponent's bias moves from 15 to 127.
    else if (magnitude >= 0x400) bits[index] = sign | ((magnitude << 13) + 0x38000000);
    else target[index] = (sign === 0 ? magnitude : -magnitude) * SMALLEST_HALF;
  }
  return target;
}

/** One float16's bits as a number. */
export function f16ToNumber(bits: number): number {
  const [exponent, fraction, sign] = [(bits >> 10) & 31, bits & 1023, bits & 0x8000 ? -1 : 1];
  if (exponent === 31) return fraction === 0 ? sign * Number.POSITIVE_INFINITY : Number.NaN;
  return sign * (exponent === 0 ? fraction * SMALLEST_HALF : (1024 + fraction) * 2 ** (exponent - 25));
}

/** float32 → float16 bits, to the nearest, ties to even; beyond 65519 to infinity. */
export function f32ToF16(source: Float32Array, target = new Uint16Array(source.length)): Uint16Array<ArrayBuffer> {
  const bits = new Uint32Array(source.buffer, source.byteOffset, source.length);
  for (let index = 0; index < bits.length; index++) {
    const float = bits[index] ?? 0;
    const sign = (float >>> 16) & 0x8000;
    const magnitude = float & 0x7fffffff;
    if (magnitude > 0x7f800000) target[index] = sign | 0x7e00 | ((magnitude >>> 13) & 0x3ff);
    else if (magnitude >= 0x47800000) target[index] = sign | 0x7c00;
    // A carry out of the fraction moves into the exponent, up to infinity: just what rounding means.
    else if (magnitude >= 0x38800000) target[index] = sign | (roundHalfEven(magnitude, 13) - 0x1c000);
    else target[index] = sign | roundSubnormal(magnitude);
  }
  return target;
}

/** bfloat16 bits → float32. Exact; NaN payloads are kept. */
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

/** `value` without its last `shift` bits. */
function roundHalfEven(value: number, shift: number): number {
  const odd = (value >>> shift) & 1;
  return (value + (1 << (shift - 1)) - 1 + odd) >>> shift;
}

/** The bits of a float32 magnitude below 2^-14, in units of 2^-24. */
function roundSubnormal(magnitude: number): number {
  const exponent = magnitude >>> 23;
  // Less than half a unit: also keeps the shift below 32.
  if (exponent < 102) return 0;
  return roundHalfEven((magnitude & 0x7fffff) | 0x800000, 126 - exponent);
}
