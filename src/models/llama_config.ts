import { Fields, type JsonObject } from '../core/fields';
import {
  expectModelType,
  MAX,
  oneOf,
  parseDtype,
  parseTokens,
  type SpecialTokens,
  type StoredDtype,
  unsupported,
} from './config_fields';

/** What a Llama needs of its config.json, under Hugging Face's names and with their defaults. */
export interface LlamaConfig extends SpecialTokens {
  readonly model_type: 'llama';
  readonly vocab_size: number;
  readonly hidden_size: number;
  readonly intermediate_size: number;
  readonly num_hidden_layers: number;
  readonly num_attention_heads: number;
  /** Divides `num_attention_heads`. */
  readonly num_key_value_heads: number;
  /** Even. */
  readonly head_dim: number;
  readonly max_position_embeddings: number;
  readonly rms_norm_eps: number;
  readonly rope: RopeConfig;
  readonly tie_word_embeddings: boolean;
  /** Biases on q, k, v and o. */
  readonly attention_bias: boolean;
  /** Biases on gate, up and down. */
  readonly mlp_bias: boolean;
  /** What the checkpoint was saved in, if it says so. */
  readonly dtype: StoredDtype | null;
}

/** Rotary position embeddings: `rope_parameters` of transformers 5, `rope_theta` and `rope_scaling` of 4. */
export type RopeConfig =
  | { readonly type: 'default'; readonly theta: number }
  | {
      readonly type: 'llama3';
      readonly theta: number;
      readonly factor: number;
      readonly low_freq_factor: number;
      readonly high_freq_factor: number;
      /** Positions that the model was trained on before its context was widened. */
      readonly original_max_position_embeddings: number;
    };

/**
 * Reads a config.json of `model_type` "llama", as transformers 4 or 5 writes it. Sizes must be there; the rest has
 * Hugging Face's defaults. Throws `invalid_format` for what no Llama has, `unsupported_model` for what some have and we
 * don't know.
 */
export function parseLlamaConfig(json: JsonObject): LlamaConfig {
  const fields = new Fields(json, 'config.json');
  expectSupported(fields);
  const vocab_size = fields.positiveInteger('vocab_size', { max: MAX.vocabulary });
  const max_position_embeddings = fields.positiveInteger('max_position_embeddings', {
    fallback: 2048,
    max: MAX.positions,
  });
  return Object.freeze({
    model_type: 'llama',
    vocab_size,
    ...parseSizes(fields),
    max_position_embeddings,
    rms_norm_eps: fields.positiveNumber('rms_norm_eps', { fallback: 1e-6, max: 1 }),
    rope: Object.freeze(parseRope(fields)),
    tie_word_embeddings: fields.boolean('tie_word_embeddings', false),
    attention_bias: fields.boolean('attention_bias', false),
    mlp_bias: fields.boolean('mlp_bias', false),
    ...parseTokens(fields, vocab_size, { bos: 1, eos: 2, pad: null }),
    dtype: parseDtype(fields),
  });
}

type Sizes = Pick<
  LlamaConfig,
  'hidden_size' | 'intermediate_size' | 'num_hidden_layers' | 'num_attention_heads' | 'num_key_value_heads' | 'head_dim'
>;

function parseSizes(fields: Fields): Sizes {
  const hidden_size = fields.positiveInteger('hidden_size', { max: MAX.width });
  const num_attention_heads = fields.positiveInteger('num_attention_heads', { max: MAX.heads });
  const num_key_value_heads = fields.positiveInteger('num_key_value_heads', {
    fallback: num_attention_heads,
    max: num_attention_heads,
  });
  if (num_attention_heads % num_key_value_heads !== 0) {
    throw fields.invalid('num_key_value_heads', `a divisor of num_attention_heads, ${num_attention_heads}`);
  }
  if (fields.get('head_dim') === undefined && hidden_size % num_attention_heads !== 0) {
    throw fields.invalid('hidden_size', `a multiple of num_attention_heads, ${num_attention_heads}`);
  }
  const head_dim = fields.positiveInteger('head_dim', { fallback: hidden_size / num_attention_heads, max: MAX.width });
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

function parseRope(fields: Fields): RopeConfig {
  const rope = fields.object('rope_parameters') ?? fields.object('rope_scaling');
  const thetaFields = rope?.has('rope_theta') ? rope : fields;
  const theta = thetaFields.positiveNumber('rope_theta', { fallback: 10000 });
  const type = rope?.optionalString('rope_type') ?? rope?.optionalString('type') ?? 'default';
  if (rope === undefined || type === 'default') return { type: 'default', theta };
  if (type !== 'llama3') throw unsupported('rope_type', type, ['default', 'llama3']);
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

/** Whatever would change the model's numbers and isn't built is refused, never ignored. */
function expectSupported(fields: Fields): void {
  expectModelType(fields, 'llama');
  oneOf(fields, 'hidden_act', ['silu']);
  const partial = fields.object('rope_parameters')?.get('partial_rotary_factor') ?? fields.get('partial_rotary_factor');
  if (partial !== undefined && partial !== 1) throw unsupported('partial_rotary_factor', partial, [1]);
  const dropout = fields.get('attention_dropout') ?? 0;
  if (dropout !== 0) throw unsupported('attention_dropout', dropout, [0]);
}
