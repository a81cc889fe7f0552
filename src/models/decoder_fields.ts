import type { Fields } from '../core/fields';
import { type ActivationName, parseActivation } from './activations';
import {
  expectModelType,
  MAX,
  parseDtype,
  parseTokens,
  type SpecialTokens,
  type StoredDtype,
  unsupported,
} from './config_fields';
import type { SlidingLayers } from './sliding_layers';

/** Sizes of a decoder with rotary attention and a gated MLP, under Hugging Face's names. */
interface DecoderSizes {
  readonly hidden_size: number;
  readonly intermediate_size: number;
  readonly num_hidden_layers: number;
  readonly num_attention_heads: number;
  /** Divides `num_attention_heads`. */
  readonly num_key_value_heads: number;
  /** Even. */
  readonly head_dim: number;
}

/** Rotary position embeddings: `rope_parameters` of transformers 5, `rope_theta` and `rope_scaling` of 4. */
export type RopeConfig =
  | { readonly type: 'default'; readonly theta: number }
  /** Positions divided by `factor`. */
  | { readonly type: 'linear'; readonly theta: number; readonly factor: number }
  | {
      readonly type: 'llama3';
      readonly theta: number;
      readonly factor: number;
      readonly low_freq_factor: number;
      readonly high_freq_factor: number;
      /** Positions that the model was trained on before its context was widened. */
      readonly original_max_position_embeddings: number;
    };

/** What a gated decoder needs to know of its config.json, under Hugging Face's names. */
export interface GatedDecoderConfig extends DecoderSizes, SpecialTokens {
  readonly vocab_size: number;
  readonly max_position_embeddings: number;
  readonly rms_norm_eps: number;
  /** Of the MLP's gate. Gemma 2 and 3 call it `hidden_activation`. */
  readonly hidden_act: ActivationName;
  readonly rope: RopeConfig;
  /** Set where layers see a window of the text alone. */
  readonly sliding?: SlidingLayers;
  /** Of layers with a window, where they have rotary embeddings of their own. */
  readonly slidingRope?: RopeConfig;
  /** What products of queries and keys are multiplied by, where it isn't 1 / √head_dim. */
  readonly scale?: number;
  /** Scores s become cap · tanh(s / cap). */
  readonly scoreSoftcap?: number;
  /** The same of logits. */
  readonly logitSoftcap?: number;
  readonly tie_word_embeddings: boolean;
  /** What the checkpoint was saved in, if it says so. */
  readonly dtype: StoredDtype | null;
}

/** Hugging Face's defaults, in which the families differ. */
export interface GatedDecoderDefaults {
  readonly max_position_embeddings: number;
  /** Unless given, 1e-6. */
  readonly rms_norm_eps?: number;
  readonly bos: number | null;
  readonly eos: number | null;
  readonly pad?: number | null;
  /** Unless given, hidden size by heads. */
  readonly head_dim?: number;
  /** Unless given, false. */
  readonly tie_word_embeddings?: boolean;
  /** The activation that the family reads for itself. Unless given, `hidden_act` is read, "silu" by default. */
  readonly hidden_act?: ActivationName;
  /** Rotary embeddings that the family reads for itself. */
  readonly rope?: RopeConfig;
}

/**
 * Reads what all of these have. Sizes must be there; the rest has defaults. The base's own dropout isn't read: a frozen base runs
 * without. Throws `invalid_format` for what no such model has, `unsupported_model` for what some have and we don't know.
 */
export function parseGatedDecoder(
  fields: Fields,
  modelType: string,
  defaults: GatedDecoderDefaults,
): GatedDecoderConfig {
  expectModelType(fields, modelType);
  const { max_position_embeddings, rms_norm_eps = 1e-6, bos, eos, pad = null, head_dim } = defaults;
  const vocab_size = fields.positiveInteger('vocab_size', { max: MAX.vocabulary });
  return {
    vocab_size,
    ...parseSizes(fields, head_dim),
    max_position_embeddings: fields.positiveInteger('max_position_embeddings', {
      fallback: max_position_embeddings,
      max: MAX.positions,
    }),
    rms_norm_eps: fields.positiveNumber('rms_norm_eps', { fallback: rms_norm_eps, max: 1 }),
    hidden_act: defaults.hidden_act ?? parseActivation(fields, 'hidden_act', 'silu'),
    rope: defaults.rope ?? parseRope(fields, ropeFields(fields)),
    tie_word_embeddings: fields.boolean('tie_word_embeddings', defaults.tie_word_embeddings ?? false),
    ...parseTokens(fields, vocab_size, { bos, eos, pad }),
    dtype: parseDtype(fields),
  };
}

function parseSizes(fields: Fields, headDim: number | undefined): DecoderSizes {
  const hidden_size = fields.positiveInteger('hidden_size', { max: MAX.width });
  const num_attention_heads = fields.positiveInteger('num_attention_heads', { max: MAX.heads });
  const num_key_value_heads = fields.positiveInteger('num_key_value_heads', {
    fallback: num_attention_heads,
    max: num_attention_heads,
  });
  if (num_attention_heads % num_key_value_heads !== 0) {
    throw fields.invalid('num_key_value_heads', `a divisor of num_attention_heads, ${num_attention_heads}`);
  }
  if (fields.get('head_dim') === undefined && headDim === undefined && hidden_size % num_attention_heads !== 0) {
    throw fields.invalid('hidden_size', `a multiple of num_attention_heads, ${num_attention_heads}`);
  }
  const head_dim = fields.positiveInteger('head_dim', {
    fallback: headDim ?? hidden_size / num_attention_heads,
    max: MAX.width,
  });
  if (head_dim % 2 !== 0) throw fields.invalid('head_dim', 'an even number, as rotary embeddings need pairs');
  return {
    hidden_size,
    intermediate_size: fields.positiveInteger('intermediate_size', { max: MAX.width }),
    num_hidden_layers: fields.positiveInteger('num_hidden_layers', { max: MAX.layers }),
    num_attention_heads,
    num_key_value_heads,
    head_dim,
  };
}

/** Where rotary embeddings are described: transformers 5 has one field for it, and takes that of 4 first where both are there. */
export function ropeFields(fields: Fields): Fields | undefined {
  return fields.object('rope_scaling') ?? fields.object('rope_parameters');
}

/** Rotary embeddings as `rope` describes them. What it doesn't say of theta, `fields` or the default does. */
export function parseRope(fields: Fields, rope: Fields | undefined, theta = 10000): RopeConfig {
  return Object.freeze(readRope(fields, rope, theta));
}

function readRope(fields: Fields, rope: Fields | undefined, fallback: number): RopeConfig {
  const partial = rope?.get('partial_rotary_factor') ?? fields.get('partial_rotary_factor') ?? 1;
  if (partial !== 1) throw unsupported('partial_rotary_factor', partial, [1]);
  const thetaFields = rope?.has('rope_theta') ? rope : fields;
  const theta = thetaFields.positiveNumber('rope_theta', { fallback });
  const type = rope?.optionalString('rope_type') ?? rope?.optionalString('type') ?? 'default';
  if (rope === undefined || type === 'default') return { type: 'default', theta };
  if (type === 'linear') return { type, theta, factor: rope.positiveNumber('factor') };
  if (type !== 'llama3') throw unsupported('rope_type', type, ['default', 'linear', 'llama3']);
  const low_freq_factor = rope.positiveNumber('low_freq_factor');
  const high_freq_factor = rope.positiveNumber('high_freq_factor');
  if (high_freq_factor <= low_freq_factor) {
    throw rope.invalid('high_freq_factor', `a number above low_freq_factor, ${low_freq_factor}`);
  }
  return {
    type,
    theta,
    factor: rope.positiveNumber('factor'),
    low_freq_factor,
    high_freq_factor,
    original_max_position_embeddings: rope.positiveInteger('original_max_position_embeddings', { max: MAX.positions }),
  };
}
