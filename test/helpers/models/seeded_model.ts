import type { RawTensor } from '../../../src/formats/tensors/safetensors';
import { writeSafetensors } from '../../../src/formats/tensors/safetensors';
import { fileShape } from '../../../src/models/architecture';
import { createArchitecture } from '../../../src/tasks/task_registry';
import { randomArray } from '../maths/random';

/** Configs of small models: 2 layers, 32 tokens, 24 positions, and biases wherever the family allows them. */
export const smallConfigs = {
  llama: {
    model_type: 'llama',
    vocab_size: 32,
    hidden_size: 16,
    intermediate_size: 24,
    num_hidden_layers: 2,
    num_attention_heads: 2,
    num_key_value_heads: 1,
    max_position_embeddings: 24,
    attention_bias: true,
    mlp_bias: true,
    tie_word_embeddings: true,
    bos_token_id: 0,
    eos_token_id: 1,
    pad_token_id: 2,
  },
  gpt2: {
    model_type: 'gpt2',
    vocab_size: 32,
    n_positions: 24,
    n_embd: 16,
    n_inner: 40,
    n_layer: 2,
    n_head: 2,
    activation_function: 'gelu_new',
    tie_word_embeddings: true,
    bos_token_id: 0,
    eos_token_id: 1,
    pad_token_id: 2,
  },
  opt: {
    model_type: 'opt',
    vocab_size: 32,
    hidden_size: 16,
    word_embed_proj_dim: 8,
    ffn_dim: 24,
    num_hidden_layers: 2,
    num_attention_heads: 2,
    max_position_embeddings: 24,
    tie_word_embeddings: true,
    bos_token_id: 0,
    eos_token_id: 1,
    pad_token_id: 2,
  },
} as const;

/** Creates a model folder for a config, with seeded weights: those of norms around 1, all others around 0. */
export function seededFiles(config: { readonly model_type: string }): { readonly files: Map<string, Blob> } {
  const tensors = createArchitecture(config).weights.map((spec, index): [string, RawTensor] => {
    const shape = fileShape(spec);
    const isNorm = shape.length === 1 && spec.name.endsWith('.weight');
    const numbers = randomArray(
      shape.reduce((product, dim) => product * dim, 1),
      1000 + index,
      0.3,
    );
    const values = Float32Array.from(numbers, (value) => (isNorm ? 1 + value : value));
    return [spec.name, { dtype: 'F32', shape, bytes: new Uint8Array(values.buffer) }];
  });
  return {
    files: new Map([
      ['config.json', new Blob([JSON.stringify(config)])],
      ['model.safetensors', new Blob([writeSafetensors(tensors)])],
    ]),
  };
}
