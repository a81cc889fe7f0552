import type { Mt19937 } from './mt19937';

const BLOCK = 4096;

/**
 * Fills `out` as torch's `uniform_(-bound, bound)` does on a CPU: one output of the generator for each number.
 *
 * `fused` (default true) rounds `u * (hi - lo) + lo` once, as torch does on every machine with fused multiply-add;
 * false rounds after the multiplication too, as its plain x86 build does. About half of the values then differ by an ulp.
 */
export function fillUniform(out: Float32Array, generator: Mt19937, bound: number, fused = true): void {
  const high = Math.fround(bound);
  const width = Math.fround(2 * high);
  const bits = new Uint32Array(Math.min(BLOCK, out.length));
  for (let start = 0; start < out.length; start += bits.length) {
    const count = Math.min(bits.length, out.length - start);
    const block = bits.subarray(0, count);
    generator.fill(block);
    for (let i = 0; i < count; i++) {
      const k = (block[i] as number) & 0xffffff;
      // As lo = -hi, the fused result is hi * (k - 2^23) / 2^23: 47 bits, exact in a double, rounded once when stored.
      out[start + i] = fused ? high * ((k - 0x800000) / 0x800000) : Math.fround((k / 0x1000000) * width) - high;
    }
  }
}

/** Draws `count` numbers and drops them. */
export function skip(generator: Mt19937, count: number): void {
  const bits = new Uint32Array(Math.min(BLOCK, count));
  for (let left = count; left > 0; left -= bits.length) generator.fill(bits.subarray(0, Math.min(left, bits.length)));
}
