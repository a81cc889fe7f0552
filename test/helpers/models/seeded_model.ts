import { bytesOf } from '../../../src/core/input/bytes';
import { numel } from '../../../src/core/numbers/shape';
import { type RawTensor, writeSafetensors } from '../../../src/formats/tensors/safetensors';
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

/** Creates the tensors of a model with seeded values, by name: those of norms around 1, all others around 0. */
export function seededTensors(config: { readonly model_type: string }, seed = 1000): Map<string, RawTensor> {
  const { weights } = createArchitecture(config);
  return new Map(
    weights.map((spec, index) => {
      const shape = fileShape(spec);
      const isNorm = shape.length === 1 && spec.name.endsWith('.weight');
      const values = Float32Array.from(randomArray(numel(shape), seed + index, 0.3), (value) => value + Number(isNorm));
      return [spec.name, { dtype: 'F32', shape, bytes: bytesOf(values) }];
    }),
  );
}

/** Creates a model folder for a config, with seeded weights. */
export function seededFiles(config: { readonly model_type: string }): { readonly files: Map<string, Blob> } {
  return {
    files: new Map([
      ['config.json', new Blob([JSON.stringify(config)])],
      ['model.safetensors', new Blob([writeSafetensors(seededTensors(config))])],
    ]),
  };
}
