import type { ConstantSpec, LongTexts } from '../architecture';
import { type Llama3Rope, type LongRope, type RopeConfig, rotaryDim, type YarnRope } from './rope_config';

/** The rows of a rotary table for the positions from `first` to `end` − 1. `frequencies`: each channel pair's radians per position. */
interface PositionRange {
  readonly first: number;
  readonly end: number;
  readonly frequencies: readonly number[];
}

/**
 * Computes the rotary table of a head with R rotated numbers. Row p is [cos (R/2) | sin (R/2)] of position p times each of the R / 2
 * frequencies. With "longrope", long texts have other frequencies than short ones. Positions within the original context then have rows for
 * short texts, and positions beyond it have rows for long texts. After these, from the row `offset` of `longTexts` on, all positions have
 * rows for long texts. The table is computed in float64, because the sines of GPUs are too inaccurate for long contexts.
 */
export function ropeTable(rope: RopeConfig, headDim: number, positions: number): Float32Array<ArrayBuffer> {
  const R = rotaryDim(rope, headDim);
  const factor = 'attention_factor' in rope ? rope.attention_factor : 1;
  const table = new Float32Array(ropeShape(rope, headDim, positions).reduce((rows, columns) => rows * columns));
  let at = 0;
  for (const { first, end, frequencies } of rowsOf(rope, R, positions)) {
    for (let position = first; position < end; position++, at += R) {
      frequencies.forEach((radians, j) => {
        table[at + j] = factor * Math.cos(position * radians);
        table[at + R / 2 + j] = factor * Math.sin(position * radians);
      });
    }
  }
  return table;
}

/** Returns a network's rotary table (rows, R) for positions below `length`. */
export function ropeConstant(name: string, rope: RopeConfig, headDim: number, length: number): ConstantSpec {
  return { name, shape: ropeShape(rope, headDim, length), compute: () => ropeTable(rope, headDim, length) };
}

/** Returns the shape of a rotary table: (rows, R). */
function ropeShape(rope: RopeConfig, headDim: number, positions: number): readonly [number, number] {
  const { offset = 0 } = longTexts(rope, positions) ?? {};
  return [positions + offset, rotaryDim(rope, headDim)];
}

/** Returns the rows that only long texts use; undefined if texts of any length use the same rows, or no text can be long. */
export function longTexts(rope: RopeConfig, positions: number): LongTexts | undefined {
  if (rope.type !== 'longrope' || rope.original_max_position_embeddings >= positions) return undefined;
  return { after: rope.original_max_position_embeddings, offset: positions };
}

function rowsOf(rope: RopeConfig, R: number, positions: number): readonly PositionRange[] {
  const all = { first: 0, end: positions };
  if (rope.type !== 'longrope') return [{ ...all, frequencies: frequenciesOf(rope, R) }];
  const short = longFrequencies(rope, rope.short_factor);
  const long = longFrequencies(rope, rope.long_factor);
  const after = longTexts(rope, positions)?.after;
  if (after === undefined) return [{ ...all, frequencies: short }];
  return [
    { first: 0, end: after, frequencies: short },
    { first: after, end: positions, frequencies: long },
    { ...all, frequencies: long },
  ];
}

/** Returns the radians per position of each pair, from the fastest pair to the slowest. */
function frequenciesOf(rope: Exclude<RopeConfig, LongRope>, R: number): readonly number[] {
  const half = R / 2;
  const own = Array.from({ length: half }, (_, j) => rope.theta ** -(j / half));
  if (rope.type === 'default') return own;
  if (rope.type === 'linear') return own.map((radians) => radians / rope.factor);
  const kept = rope.type === 'yarn' ? yarnShares(rope, R) : own.map((radians) => llama3Share(rope, radians));
  return own.map((radians, j) => {
    const share = kept[j] ?? 0;
    return (1 - share) * (radians / rope.factor) + share * radians;
  });
}

function longFrequencies({ theta }: LongRope, factors: readonly number[]): readonly number[] {
  return factors.map((factor, j) => theta ** -(j / factors.length) / factor);
}

/**
 * Llama 3.1 interpolates between a pair's own frequency and the frequency divided by `factor`. Returns the share of the own frequency: it
 * rises from 0 at `low_freq_factor` turns in the original context to 1 at `high_freq_factor` turns.
 */
function llama3Share(rope: Llama3Rope, radians: number): number {
  const turns = (rope.original_max_position_embeddings * radians) / (2 * Math.PI);
  const { low_freq_factor: low, high_freq_factor: high } = rope;
  return Math.min(1, Math.max(0, (turns - low) / (high - low)));
}

/**
 * Returns the share of each pair's own frequency in YaRN, which interpolates between the same two frequencies as Llama 3.1. The share falls
 * from 1 to 0 between two pairs.
 */
function yarnShares({ theta, truncate, ...rope }: YarnRope, R: number): readonly number[] {
  const pairOf = (turns: number): number =>
    (R * Math.log(rope.original_max_position_embeddings / (turns * 2 * Math.PI))) / (2 * Math.log(theta));
  const [fast, slow] = [pairOf(rope.beta_fast), pairOf(rope.beta_slow)];
  const low = Math.max(0, truncate ? Math.floor(fast) : fast);
  const end = Math.min(R - 1, truncate ? Math.ceil(slow) : slow);
  // Equal bounds would lead to a division by zero.
  const high = end === low ? end + 0.001 : end;
  return Array.from({ length: R / 2 }, (_, j) => 1 - Math.min(1, Math.max(0, (j - low) / (high - low))));
}
