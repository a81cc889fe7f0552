import { TURNED } from '../tensor_change';
import type { GgufFamily } from './gguf_family';
import type { TensorNames } from './tensor_names';
import { tokenFields } from './token_fields';

const NAMES: TensorNames = {
  block: 'transformer.h',
  layers: {
    attn_norm: 'ln_1',
    attn_qkv: 'attn.c_attn',
    attn_output: 'attn.c_proj',
    ffn_norm: 'ln_2',
    ffn_up: 'mlp.c_fc',
    ffn_down: 'mlp.c_proj',
  },
  others: {
    token_embd: 'transformer.wte',
    position_embd: 'transformer.wpe',
    output_norm: 'transformer.ln_f',
    output: 'lm_head',
  },
};

/** GPT-2's linear layers are Conv1D: the checkpoint stores the transposes of their weights, and llama.cpp transposes them back. */
export const GPT2: GgufFamily = {
  architecture: 'gpt2',
  className: 'GPT2LMHeadModel',
  names: () => NAMES,
  config: (fields) => ({
    ...tokenFields(fields),
    n_embd: fields.number('embedding_length'),
    n_layer: fields.number('block_count'),
    n_head: fields.number('attention.head_count'),
    n_inner: fields.number('feed_forward_length'),
    n_positions: fields.number('context_length'),
    layer_norm_epsilon: fields.float('attention.layer_norm_epsilon'),
    activation_function: 'gelu_new',
  }),
  change: ({ module, kind }) =>
    /^(?:attn_qkv|attn_output|ffn_up|ffn_down)$/.test(module) && kind === 'weight' ? TURNED : undefined,
};
