import type { PretrainedConfig } from '../../core/model';
import type { GgufTensor } from './gguf_header';
import type { GgufMetadata } from './gguf_metadata';

/** Architectures whose tensors are those of the checkpoint, but for their names and, of Llama, the order of rows of q and k. */
const ARCHITECTURES: ReadonlyMap<string, string> = new Map([
  ['llama', 'LlamaForCausalLM'],
  ['qwen2', 'Qwen2ForCausalLM'],
  ['qwen3', 'Qwen3ForCausalLM'],
]);

/**
 * What config.json would say. Its values are as untrusted as the file. Throws `unsupported_model` for what isn't built,
 * `invalid_format` for fields that are none.
 */
export function configOf(metadata: GgufMetadata, tensors: readonly GgufTensor[]): PretrainedConfig {
  const model_type = metadata.text('general.architecture') ?? '';
  const architecture = ARCHITECTURES.get(model_type);
  if (architecture === undefined) {
    const known = [...ARCHITECTURES.keys()].join(', ');
    throw metadata.unsupported(
      `expected one of ${known}, got the architecture ${model_type || 'nothing'}`,
      AS_A_FOLDER,
    );
  }
  const has = (name: string): boolean => tensors.some((tensor) => tensor.name === name);
  const scaling = metadata.text(`${model_type}.rope.scaling.type`) ?? 'none';
  if (scaling !== 'none' || has('rope_freqs.weight')) {
    throw metadata.unsupported('expected rotary positions that are not scaled', AS_A_FOLDER);
  }
  const number = (key: string): number | undefined => metadata.number(`${model_type}.${key}`);
  const heads = number('attention.head_count');
  const head_dim = number('attention.key_length');
  const rotated = number('rope.dimension_count');
  const hidden_size = number('embedding_length');
  const size = head_dim ?? (hidden_size ?? 0) / (heads ?? 1);
  if (rotated !== undefined && rotated !== size) {
    throw metadata.unsupported(`expected all ${size} of a head to be rotated, got ${rotated}`, AS_A_FOLDER);
  }
  const id = (name: string): number | null => metadata.number(`tokenizer.ggml.${name}_token_id`) ?? null;
  return {
    model_type,
    architectures: [architecture],
    hidden_size,
    intermediate_size: number('feed_forward_length'),
    num_hidden_layers: number('block_count'),
    num_attention_heads: heads,
    num_key_value_heads: number('attention.head_count_kv') ?? heads,
    ...(head_dim !== undefined && { head_dim }),
    rms_norm_eps: shortest(number('attention.layer_norm_rms_epsilon')),
    rope_theta: shortest(number('rope.freq_base')) ?? 10_000,
    max_position_embeddings: number('context_length'),
    vocab_size: metadata.texts('tokenizer.ggml.tokens').length || number('vocab_size'),
    hidden_act: 'silu',
    attention_bias: has('blk.0.attn_q.bias'),
    tie_word_embeddings: !has('output.weight'),
    bos_token_id: id('bos'),
    eos_token_id: id('eos'),
    pad_token_id: id('padding'),
  };
}

const AS_A_FOLDER = 'Load the model from its folder of safetensors.';

/** The shortest number that is the same float32: 1e-5, not 0.000009999999747. */
function shortest(value: number | undefined): number | undefined {
  if (value === undefined) return undefined;
  for (let digits = 1; digits <= 9; digits++) {
    const candidate = Number(value.toPrecision(digits));
    if (Math.fround(candidate) === Math.fround(value)) return candidate;
  }
  return value;
}
