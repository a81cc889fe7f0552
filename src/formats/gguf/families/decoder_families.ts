import type { JsonObject } from '../../../core/input/fields';
import type { GgufFields } from '../gguf_fields';
import { areHeads, interleaved, type TensorChange } from '../tensor_change';
import type { GgufFamily } from './gguf_family';
import { ropeScalingOf } from './rope_scaling';
import type { TensorNames } from './tensor_names';
import { tokenFields } from './token_fields';

/** The names of Llama's tensors. Later decoders use the same names. */
export const DECODER_NAMES: TensorNames = {
  block: 'model.layers',
  layers: {
    attn_norm: 'input_layernorm',
    attn_q: 'self_attn.q_proj',
    attn_k: 'self_attn.k_proj',
    attn_v: 'self_attn.v_proj',
    attn_output: 'self_attn.o_proj',
    attn_q_norm: 'self_attn.q_norm',
    attn_k_norm: 'self_attn.k_norm',
    ffn_norm: 'post_attention_layernorm',
    ffn_gate: 'mlp.gate_proj',
    ffn_up: 'mlp.up_proj',
    ffn_down: 'mlp.down_proj',
  },
  others: { token_embd: 'model.embed_tokens', output_norm: 'model.norm', output: 'lm_head' },
};

const PHI3_NAMES: TensorNames = {
  ...DECODER_NAMES,
  layers: { ...DECODER_NAMES.layers, attn_qkv: 'self_attn.qkv_proj', ffn_up: 'mlp.gate_up_proj' },
};

const windowOf = (fields: GgufFields): number | undefined => fields.number('attention.sliding_window');

const interleavedHeads: GgufFamily['change'] = ({ module, rows }, config) => {
  if (module === 'attn_q') return ofHeads(config.num_attention_heads, rows);
  return module === 'attn_k' ? ofHeads(config.num_key_value_heads, rows) : undefined;
};

const DECODER = { names: () => DECODER_NAMES, config: decoderConfig } as const;

export const LLAMA: GgufFamily = {
  ...DECODER,
  architecture: 'llama',
  className: 'LlamaForCausalLM',
  change: interleavedHeads,
};

/** llama.cpp writes a Mistral as a Llama with a sliding window. */
export const MISTRAL: GgufFamily = {
  ...LLAMA,
  matches: (fields) => (windowOf(fields) ?? 0) > 0,
  model_type: 'mistral',
  className: 'MistralForCausalLM',
  config: (fields) => ({ ...decoderConfig(fields), sliding_window: windowOf(fields) }),
};

export const QWEN2: GgufFamily = {
  ...DECODER,
  architecture: 'qwen2',
  className: 'Qwen2ForCausalLM',
};

export const QWEN3: GgufFamily = {
  ...DECODER,
  architecture: 'qwen3',
  className: 'Qwen3ForCausalLM',
};

export const PHI3: GgufFamily = {
  architecture: 'phi3',
  className: 'Phi3ForCausalLM',
  names: () => PHI3_NAMES,
  // The file says 0 if there is no sliding window.
  config: (fields) => ({ ...decoderConfig(fields), sliding_window: windowOf(fields) || null }),
};

function ofHeads(heads: unknown, rows: number): TensorChange | undefined {
  return typeof heads === 'number' && areHeads(rows, 2 * heads) ? interleaved(heads) : undefined;
}

/** The fields of config.json that Llama and later decoders share. */
export function decoderConfig(fields: GgufFields): JsonObject {
  const { hidden_size, heads, head_dim: size } = headsOf(fields);
  const head_dim = fields.number('attention.key_length');
  const values = fields.number('attention.value_length') ?? size;
  if (values !== size) {
    throw fields.unsupported(`expected heads of ${size} values as of keys, got ${values}`);
  }
  const rotated = fields.number('rope.dimension_count') ?? size;
  if (rotated !== size) {
    throw fields.unsupported(`expected all ${size} of a head to be rotated, got ${rotated}`);
  }
  const rope_theta = fields.float('rope.freq_base') ?? 10_000;
  const rope_scaling = ropeScalingOf(fields, { theta: rope_theta, head_dim: size });
  return {
    ...tokenFields(fields),
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
    // Only files with MLP biases get this field. The config identifies a stored run, so it must not change for other files.
    ...(fields.has('blk.0.ffn_up.bias') && { mlp_bias: true }),
  };
}

/**
 * Returns the width, the number of heads and the size of a head. If the file lacks that size, it is the width divided by the number of
 * heads.
 */
export function headsOf(fields: GgufFields) {
  const hidden_size = fields.number('embedding_length');
  const heads = fields.number('attention.head_count');
  const head_dim = fields.number('attention.key_length') ?? (hidden_size ?? 0) / (heads ?? 1);
  return { hidden_size, heads, head_dim };
}
