import { bf16ToF32, f32ToBf16 } from '../../core/numbers/float16';

/**
 * Returns ALiBi's biases by position and head, (positions, H): the slope of the head · the position. Slopes, positions and products are
 * rounded to bfloat16, as in Falcon's training.
 */
export function alibiTable(H: number, positions: number): Float32Array<ArrayBuffer> {
  const slopes = roundToBfloat16(Float32Array.from(alibiSlopes(H)));
  const rounded = roundToBfloat16(Float32Array.from({ length: positions }, (_, position) => position));
  const table = new Float32Array(positions * H);
  rounded.forEach((position, row) => {
    slopes.forEach((slope, head) => {
      table[row * H + head] = slope * position;
    });
  });
  return roundToBfloat16(table);
}

/**
 * Returns the slopes of H heads. Let n be the largest power of two up to H: the first n heads have 2^(−8/n), its square, its cube, and so
 * on. The other heads have every second slope of those for 2n heads, beginning with the first.
 */
function alibiSlopes(H: number): number[] {
  const n = 2 ** Math.floor(Math.log2(H));
  const base = Math.fround(2 ** (-8 / n));
  const between = Math.fround(2 ** (-4 / n));
  return Array.from({ length: H }, (_, head) =>
    Math.fround(head < n ? base ** (head + 1) : between ** (2 * (head - n) + 1)),
  );
}

/** Rounds all values to the nearest bfloat16, ties to even. */
function roundToBfloat16(values: Float32Array): Float32Array<ArrayBuffer> {
  return bf16ToF32(f32ToBf16(values));
}
