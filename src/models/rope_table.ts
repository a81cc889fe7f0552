import type { RopeConfig } from './decoder_fields';

/**
 * Cosines and sines of rotary embeddings: (positions, headDim), row p = [cos | sin] of p times each of headDim / 2
 * frequencies. Computed in float64, as GPUs' own sines are too coarse for long contexts.
 */
export function ropeTable(rope: RopeConfig, headDim: number, positions: number): Float32Array<ArrayBuffer> {
  const half = headDim / 2;
  const frequencies = Array.from({ length: half }, (_, j) => frequency(rope, j / half));
  const table = new Float32Array(positions * headDim);
  for (let position = 0; position < positions; position++) {
    frequencies.forEach((radians, j) => {
      table[position * headDim + j] = Math.cos(position * radians);
      table[position * headDim + half + j] = Math.sin(position * radians);
    });
  }
  return table;
}

/** Radians per position of the pair at `share` of the way from the fastest (0) to the slowest (1). */
function frequency(rope: RopeConfig, share: number): number {
  const own = rope.theta ** -share;
  if (rope.type === 'default') return own;
  if (rope.type === 'linear') return own / rope.factor;
  // Llama 3.1: waves longer than the original context are stretched by `factor`, short ones kept, those between blended.
  const turns = (rope.original_max_position_embeddings * own) / (2 * Math.PI);
  const { factor, low_freq_factor: low, high_freq_factor: high } = rope;
  const kept = Math.min(1, Math.max(0, (turns - low) / (high - low)));
  return (1 - kept) * (own / factor) + kept * own;
}
