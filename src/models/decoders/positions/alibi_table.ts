/**
 * The biases of ALiBi by position and head, (positions, H): slope of the head · position. Slopes, positions and products are
 * rounded to bfloat16, as in Falcon's training.
 */
export function alibiTable(H: number, positions: number): Float32Array<ArrayBuffer> {
  const slopes = alibiSlopes(H).map(roundToBfloat16);
  const table = new Float32Array(positions * H);
  for (let position = 0; position < positions; position++) {
    const rounded = roundToBfloat16(position);
    slopes.forEach((slope, head) => {
      table[position * H + head] = roundToBfloat16(slope * rounded);
    });
  }
  return table;
}

/** Slopes 2^(−8/n), its square, and so on, for n heads, the largest power of two. The other heads have every second slope for 2n heads. */
function alibiSlopes(H: number): number[] {
  const n = 2 ** Math.floor(Math.log2(H));
  const base = Math.fround(2 ** (-8 / n));
  const between = Math.fround(2 ** (-4 / n));
  return Array.from({ length: H }, (_, head) =>
    Math.fround(head < n ? base ** (head + 1) : between ** (2 * (head - n) + 1)),
  );
}

/** Rounds to the nearest bfloat16, ties to even. */
function roundToBfloat16(value: number): number {
  const bits = new Uint32Array(Float32Array.of(value).buffer);
  const own = bits[0] ?? 0;
  bits[0] = (own + 0x7fff + ((own >>> 16) & 1)) & 0xffff0000;
  return new Float32Array(bits.buffer)[0] ?? 0;
}
