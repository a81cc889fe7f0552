import { createArchitecture } from '../../../src/tasks/task_registry';

/** The architecture of SmolLM2-135M. */
export const smollm2 = createArchitecture({
  model_type: 'llama',
  vocab_size: 49_152,
  hidden_size: 576,
  intermediate_size: 1536,
  num_hidden_layers: 30,
  num_attention_heads: 9,
  num_key_value_heads: 3,
  max_position_embeddings: 8192,
});
