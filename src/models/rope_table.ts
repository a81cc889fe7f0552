import { type Llama3Rope, type RopeConfig, rotaryDim } from './rope_config';

/**
 * Cosines and sines of rotary embeddings for the R numbers of a head that turn: (positions, R), row p = [cos | sin] of p times each of
 * R / 2 frequencies. Computed in float64, as GPUs' own sines are too coarse for long contexts.
 */
export function ropeTable(rope: RopeConfig, headDim: number, positions: number): Float32Array<ArrayBuffer> {
  const R = rotaryDim(rope, headDim);
  const frequencies = frequenciesOf(rope, R);
  const table = new Float32Array(positions * R);
  for (let position = 0; position < positions; position++) {
    frequencies.forEach((radians, j) => {
      table[position * R + j] = Math.cos(position * radians);
      table[position * R + R / 2 + j] = Math.sin(position * radians);
    });
  }
  return table;
}

/** Radians per position, from the fastest pair to the slowest. */
function frequenciesOf(rope: RopeConfig, R: number): readonly number[] {
  const half = R / 2;
  const own = Array.from({ length: half }, (_, j) => rope.theta ** -(j / half));
  if (rope.type === 'default') return own;
  if (rope.type === 'linear') return own.map((radians) => radians / rope.factor);
  return own.map((radians) => {
    const share = llama3Share(rope, radians);
    return (1 - share) * (radians / rope.factor) + share * radians;
  });
}

/** Llama 3.1: waves longer than the original context are stretched by `factor`, short ones kept, those between blended. */
function llama3Share(rope: Llama3Rope, radians: number): number {
  const turns = (rope.original_max_position_embeddings * radians) / (2 * Math.PI);
  const { low_freq_factor: low, high_freq_factor: high } = rope;
  return Math.min(1, Math.max(0, (turns - low) / (high - low)));
}
