import type { GgufFields } from '../gguf_fields';
import { areHeads, ungrouped } from '../tensor_change';
import type { GgufFamily } from './gguf_family';
import type { TensorNames } from './tensor_names';
import { tokenFields } from './token_fields';

const NAMES: TensorNames = {
  block: 'transformer.h',
  layers: {
    attn_norm: 'input_layernorm',
    attn_qkv: 'self_attention.query_key_value',
    attn_output: 'self_attention.dense',
    ffn_up: 'mlp.dense_h_to_4h',
    ffn_down: 'mlp.dense_4h_to_h',
  },
  others: { token_embd: 'transformer.word_embeddings', output_norm: 'transformer.ln_f', output: 'lm_head' },
};

/** The names in Falcon models whose layers have two norms: one before attention and one before the MLP. */
const NAMES_OF_TWO_NORMS: TensorNames = {
  ...NAMES,
  layers: { ...NAMES.layers, attn_norm: 'ln_mlp', attn_norm_2: 'ln_attn' },
};

const hasTwoNorms = (fields: GgufFields): boolean => fields.has('blk.0.attn_norm_2.weight');

/** Falcon models with rotary positions. llama.cpp doesn't convert Falcon models with ALiBi. */
export const FALCON: GgufFamily = {
  architecture: 'falcon',
  className: 'FalconForCausalLM',
  names: (fields) => (hasTwoNorms(fields) ? NAMES_OF_TWO_NORMS : NAMES),
  config(fields) {
    const kvHeads = fields.number('attention.head_count_kv') ?? 1;
    const isNew = kvHeads !== 1 || hasTwoNorms(fields);
    return {
      ...tokenFields(fields),
      hidden_size: fields.number('embedding_length'),
      ffn_hidden_size: fields.number('feed_forward_length'),
      num_hidden_layers: fields.number('block_count'),
      num_attention_heads: fields.number('attention.head_count'),
      num_kv_heads: kvHeads,
      new_decoder_architecture: isNew,
      ...(isNew && { num_ln_in_parallel_attn: hasTwoNorms(fields) ? 2 : 1 }),
      multi_query: true,
      parallel_attn: true,
      alibi: false,
      bias: fields.has('blk.0.attn_qkv.bias'),
      activation: 'gelu',
      layer_norm_epsilon: fields.float('attention.layer_norm_epsilon'),
      rope_theta: fields.float('rope.freq_base') ?? 10_000,
      max_position_embeddings: fields.number('context_length'),
    };
  },
  change({ module, rows }, { num_attention_heads: heads, num_kv_heads: kvHeads }) {
    if (module !== 'attn_qkv' || typeof heads !== 'number' || typeof kvHeads !== 'number') return undefined;
    return areHeads(heads, kvHeads) && areHeads(rows, heads + 2 * kvHeads) ? ungrouped(heads, kvHeads) : undefined;
  },
};
