import type { Mt19937 } from './mt19937';

const BLOCK = 4096;

/**
 * Fills `out` as torch's `uniform_(-bound, bound)` does on a CPU: one output of the generator for each number.
 *
 * If `fused` (default true), `u * (hi - lo) + lo` is rounded once, as by torch on every machine with fused multiply-add. If not, the
 * product is rounded too, as in torch's plain x86 build. About half of the values then differ by an ulp.
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
      // Because lo = -hi, the fused result is hi * (k - 2^23) / 2^23. Its 47 bits are exact in a double, and rounded once when stored.
      out[start + i] = fused ? high * ((k - 0x800000) / 0x800000) : Math.fround((k / 0x1000000) * width) - high;
    }
  }
}

/** Draws `count` outputs of the generator and discards them. */
export function skip(generator: Mt19937, count: number): void {
  const bits = new Uint32Array(Math.min(BLOCK, count));
  for (let left = count; left > 0; left -= bits.length) generator.fill(bits.subarray(0, Math.min(left, bits.length)));
}
