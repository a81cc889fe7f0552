import type { JsonObject } from '../../../core/input/fields';
import { type GgufFields, shortest } from '../gguf_fields';

/** `low_freq_factor` and `high_freq_factor` in every published model with Llama 3's scaling. A GGUF file determines only their ratio. */
const [LOW, HIGH] = [1, 4];
/** The largest allowed relative difference between a file's factor and the computed one: both have float32's rounding errors. */
const TOLERANCE = 1e-5;

interface Rope {
  readonly theta: number;
  readonly head_dim: number;
}

/** Returns the field `rope_scaling` of config.json, or undefined without scaling. Throws `unsupported_model` for other kinds of scaling. */
export function ropeScalingOf(fields: GgufFields, rope: Rope): JsonObject | undefined {
  const { ropeFactors } = fields;
  // llama.cpp applies a scaling factor even if the file gives no type of scaling.
  const type = fields.text('rope.scaling.type') ?? 'linear';
  const factor = fields.float('rope.scaling.factor') ?? fields.float('rope.scale_linear') ?? 0;
  const isScaled = type !== 'none' && factor !== 0 && factor !== 1;
  const unknown = [
    ...(type === 'none' || type === 'linear' ? [] : [type]),
    ...['rope_factors_long.weight', 'rope_factors_short.weight'].filter((name) => fields.has(name)),
    ...((fields.number('rope.scaling.attn_factor') ?? 1) === 1 ? [] : ['a factor of attention']),
    ...(isScaled && ropeFactors !== undefined ? ['both'] : []),
  ];
  if (unknown.length > 0) {
    throw fields.unsupported(
      `expected rotary positions that are scaled linearly or as Llama 3's, got ${unknown.join(', ')}`,
    );
  }
  if (ropeFactors !== undefined) return llama3Scaling(fields, ropeFactors, rope);
  return isScaled ? { rope_type: 'linear', factor } : undefined;
}

/**
 * Derives Llama 3's scaling from its factors: 1 for high frequencies, the full scaling factor for low ones. The factors in between
 * determine the original context length, before the context was extended.
 */
function llama3Scaling(fields: GgufFields, factors: Float32Array, { theta, head_dim }: Rope): JsonObject | undefined {
  const factor = factors.at(-1) ?? 1;
  if (2 * factors.length !== head_dim || !factors.every((each) => each >= 1 && Number.isFinite(each))) {
    throw fields.invalid('rope_freqs.weight', `${head_dim / 2} numbers from 1 on`);
  }
  if (factors.every((each) => each === 1)) return undefined;
  const waves = Array.from(factors, (_, j) => 2 * Math.PI * theta ** (j / factors.length));
  /** The share of each frequency that isn't divided by the scaling factor, from 0 to 1. */
  const kept = Array.from(factors, (each) => (1 / each - 1 / factor) / (1 - 1 / factor));
  const between = kept.findIndex((share) => share > TOLERANCE && share < 1 - TOLERANCE);
  const given = fields.number('rope.scaling.original_context_length') ?? 8192;
  const found = (LOW + (HIGH - LOW) * (kept[between] ?? 0)) * (waves[between] ?? 0);
  const original = between < 0 ? given : Math.round(found);
  const isSame = factors.every((each, j) => {
    const turns = original / (waves[j] ?? 1);
    const share = Math.min(1, Math.max(0, (turns - LOW) / (HIGH - LOW)));
    return Math.abs(1 / ((1 - share) / factor + share) - each) <= TOLERANCE * each;
  });
  if (!isSame) {
    throw fields.unsupported("expected rope_freqs.weight to hold the factors of Llama 3's scaling");
  }
  return {
    rope_type: 'llama3',
    factor: shortest(factor),
    low_freq_factor: LOW,
    high_freq_factor: HIGH,
    original_max_position_embeddings: original,
  };
}
