import type { Fields } from '../../../core/input/fields';
import { type ActivationName, parseActivation } from '../../activations';
import { expectDecoder, MAX, parseDtype, parseTokens, type SpecialTokens, type StoredDtype } from '../../config_fields';
import { parseRope, type RopeConfig, type RopeRules, ropeFields } from '../../positions/rope_config';
import type { SlidingLayers } from './sliding_layers';

/** The sizes of a decoder with rotary attention and a gated MLP, under Hugging Face's names. */
interface DecoderSizes {
  readonly hidden_size: number;
  readonly intermediate_size: number;
  readonly num_hidden_layers: number;
  readonly num_attention_heads: number;
  /** A divisor of `num_attention_heads`. */
  readonly num_key_value_heads: number;
  /** An even number. */
  readonly head_dim: number;
}

/** The fields of config.json that a gated decoder needs. */
export interface GatedDecoderConfig extends DecoderSizes, SpecialTokens {
  readonly model_type: string;
  readonly vocab_size: number;
  readonly max_position_embeddings: number;
  readonly rms_norm_eps: number;
  /** The activation of the MLP's gate. Gemma 2 and 3 name it `hidden_activation`. */
  readonly hidden_act: ActivationName;
  readonly rope: RopeConfig;
  /** Set if some layers have an attention window. */
  readonly sliding?: SlidingLayers;
  /** The rotary positions of layers with a window, if they differ from those of the other layers. */
  readonly slidingRope?: RopeConfig;
  /** The factor by which products of queries and keys are multiplied. Default: 1 / √head_dim. */
  readonly scale?: number;
  /** The cap of attention scores: s becomes cap · tanh(s / cap). */
  readonly scoreSoftcap?: number;
  /** Whether tokens attend only to themselves and to earlier tokens. Default: true. */
  readonly causal?: boolean;
  /** The cap of logits: s becomes cap · tanh(s / cap). */
  readonly logitSoftcap?: number;
  readonly tie_word_embeddings: boolean;
  /** The data type of the weight files; null if config.json has none. */
  readonly dtype: StoredDtype | null;
}

/** Hugging Face's defaults for fields that a file lacks, as far as families differ. A "Default" below is for families that set none. */
export interface GatedDecoderDefaults {
  readonly max_position_embeddings: number;
  /** Default: 1e-6. */
  readonly rms_norm_eps?: number;
  readonly bos: number | null;
  readonly eos: number | null;
  readonly pad?: number | null;
  /** Default: the hidden size divided by the number of heads. */
  readonly head_dim?: number;
  /** The value for files without the key. Default, and the value for files with null: `num_attention_heads`. */
  readonly num_key_value_heads?: number;
  /** Default: false. */
  readonly tie_word_embeddings?: boolean;
  /** The activation, if the family parses it itself. Default: the field `hidden_act`, whose default is "silu". */
  readonly hidden_act?: ActivationName;
  /** The types of rotary positions that the family supports, and their defaults. */
  readonly ropeRules?: RopeRules;
  /** Whether the family supports `use_bidirectional_attention`, which lets tokens attend to later tokens. Default: false. */
  readonly mayLookAhead?: boolean;
  /** Finds the object with the rotary positions of layers without a window. Default: `ropeFields` of `rope_config.ts`. */
  readonly ropeFields?: (fields: Fields) => Fields | undefined;
}

/**
 * Parses the fields that all gated decoders share, in files written by transformers 4 or 5. The sizes of vocabulary, hidden states and MLP
 * and the numbers of layers and heads are required; other fields have defaults. The base model's dropout, which transformers' Trainer
 * applies, is ignored. Throws `invalid_format` for invalid values, `unsupported_model` for values that aren't supported.
 */
export function parseGatedDecoder(
  fields: Fields,
  modelType: string,
  defaults: GatedDecoderDefaults,
): GatedDecoderConfig {
  expectDecoder(fields, modelType, defaults.mayLookAhead);
  const { max_position_embeddings, rms_norm_eps = 1e-6, bos, eos, pad = null } = defaults;
  const vocab_size = fields.positiveInteger('vocab_size', { max: MAX.vocabulary });
  const sizes = {
    ...parseSizes(fields, defaults),
    max_position_embeddings: fields.positiveInteger('max_position_embeddings', {
      fallback: max_position_embeddings,
      max: MAX.positions,
    }),
  };
  const ropeOf = defaults.ropeFields ?? ropeFields;
  return {
    model_type: modelType,
    vocab_size,
    ...sizes,
    rms_norm_eps: fields.positiveNumber('rms_norm_eps', { fallback: rms_norm_eps, max: 1 }),
    hidden_act: defaults.hidden_act ?? parseActivation(fields, 'hidden_act', 'silu'),
    rope: parseRope(fields, ropeOf(fields), sizes, defaults.ropeRules),
    tie_word_embeddings: fields.boolean('tie_word_embeddings', defaults.tie_word_embeddings ?? false),
    ...parseTokens(fields, vocab_size, { bos, eos, pad }),
    dtype: parseDtype(fields),
  };
}

function parseSizes(fields: Fields, { head_dim: headDim, ...defaults }: GatedDecoderDefaults): DecoderSizes {
  const hidden_size = fields.positiveInteger('hidden_size', { max: MAX.width });
  const num_attention_heads = fields.positiveInteger('num_attention_heads', { max: MAX.heads });
  const kvHeads = fields.has('num_key_value_heads') ? undefined : defaults.num_key_value_heads;
  const num_key_value_heads = fields.positiveInteger('num_key_value_heads', {
    fallback: kvHeads ?? num_attention_heads,
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
    max: MAX.head,
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
