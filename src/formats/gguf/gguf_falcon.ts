import type { GgufFamily } from './gguf_family';
import type { GgufFields } from './gguf_fields';
import { FALCON_NAMES, FALCON_NAMES_OF_TWO_NORMS } from './gguf_names';
import { areHeads, ungrouped } from './tensor_change';

const hasTwoNorms = (fields: GgufFields): boolean => fields.has('blk.0.attn_norm_2.weight');

/** Those with rotary positions; what has ALiBi, llama.cpp does not convert. */
export const FALCON: GgufFamily = {
  model_type: 'falcon',
  className: 'FalconForCausalLM',
  names: (fields) => (hasTwoNorms(fields) ? FALCON_NAMES_OF_TWO_NORMS : FALCON_NAMES),
  config(fields) {
    const kvHeads = fields.number('attention.head_count_kv') ?? 1;
    const isNew = kvHeads !== 1 || hasTwoNorms(fields);
    return {
      ...fields.tokens(),
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
