import type { GgufFamily } from './gguf_family';
import { GPT2_NAMES } from './gguf_names';

/** The checkpoint has linear layers the other way round, as Conv1D. */
export const GPT2: GgufFamily = {
  model_type: 'gpt2',
  className: 'GPT2LMHeadModel',
  names: () => GPT2_NAMES,
  config: (fields) => ({
    ...fields.tokens(),
    n_embd: fields.number('embedding_length'),
    n_layer: fields.number('block_count'),
    n_head: fields.number('attention.head_count'),
    n_inner: fields.number('feed_forward_length'),
    n_positions: fields.number('context_length'),
    layer_norm_epsilon: fields.float('attention.layer_norm_epsilon'),
    activation_function: 'gelu_new',
  }),
  change: ({ module, kind }) =>
    /^(?:attn_qkv|attn_output|ffn_up|ffn_down)$/.test(module) && kind === 'weight' ? { kind: 'turned' } : undefined,
};
