import type { JsonObject } from '../../core/input/fields';
import { AS_A_FOLDER, type GgufFields } from './gguf_fields';
import { ropeScalingOf } from './gguf_rope';

/** What config.json would say of a Llama, or of what was built after it. */
export function decoderConfig(fields: GgufFields): JsonObject {
  const { hidden_size, heads, head_dim: size } = headsOf(fields);
  const head_dim = fields.number('attention.key_length');
  const values = fields.number('attention.value_length') ?? size;
  if (values !== size) {
    throw fields.metadata.unsupported(`expected heads of ${size} values as of keys, got ${values}`, AS_A_FOLDER);
  }
  const rotated = fields.number('rope.dimension_count') ?? size;
  if (rotated !== size) {
    throw fields.metadata.unsupported(`expected all ${size} of a head to be rotated, got ${rotated}`, AS_A_FOLDER);
  }
  const rope_theta = fields.float('rope.freq_base') ?? 10_000;
  const rope_scaling = ropeScalingOf(fields, { theta: rope_theta, head_dim: size });
  return {
    ...fields.tokens(),
    hidden_size,
    intermediate_size: fields.number('feed_forward_length'),
    num_hidden_layers: fields.number('block_count'),
    num_attention_heads: heads,
    num_key_value_heads: fields.number('attention.head_count_kv') ?? heads,
    ...(head_dim !== undefined && { head_dim }),
    rms_norm_eps: fields.float('attention.layer_norm_rms_epsilon'),
    rope_theta,
    ...(rope_scaling && { rope_scaling }),
    max_position_embeddings: fields.number('context_length'),
    hidden_act: 'silu',
    attention_bias: fields.has('blk.0.attn_q.bias'),
  };
}

/** The size of a head as the file says it, or as it follows. */
export function headsOf(fields: GgufFields): { hidden_size?: number; heads?: number; head_dim: number } {
  const hidden_size = fields.number('embedding_length');
  const heads = fields.number('attention.head_count');
  return {
    ...(hidden_size !== undefined && { hidden_size }),
    ...(heads !== undefined && { heads }),
    head_dim: fields.number('attention.key_length') ?? (hidden_size ?? 0) / (heads ?? 1),
  };
}
