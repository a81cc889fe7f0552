import type { Fields } from '../core/fields';
import { expectModelType, MAX, oneOf, unsupported } from './config_fields';

/** Sizes of a decoder with rotary attention and a gated MLP, under Hugging Face's names. */
export interface DecoderSizes {
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
  | {
      readonly type: 'llama3';
      readonly theta: number;
      readonly factor: number;
      readonly low_freq_factor: number;
      readonly high_freq_factor: number;
      /** Positions that the model was trained on before its context was widened. */
      readonly original_max_position_embeddings: number;
    };

/** `headDim`: that of files that don't say; by default hidden size by heads. Throws `invalid_format` for heads that don't fit. */
export function parseSizes(fields: Fields, { headDim }: { readonly headDim?: number } = {}): DecoderSizes {
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

export function parseRope(fields: Fields): RopeConfig {
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

/** Checks what is built of these models: whatever would change their numbers and isn't is refused, never ignored. */
export function expectGatedDecoder(fields: Fields, modelType: string): void {
  expectModelType(fields, modelType);
  oneOf(fields, 'hidden_act', ['silu']);
  const partial = fields.object('rope_parameters')?.get('partial_rotary_factor') ?? fields.get('partial_rotary_factor');
  if (partial !== undefined && partial !== 1) throw unsupported('partial_rotary_factor', partial, [1]);
  const dropout = fields.get('attention_dropout') ?? 0;
  if (dropout !== 0) throw unsupported('attention_dropout', dropout, [0]);
}
