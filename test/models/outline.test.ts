import { expect, test } from 'vitest';
import { pinned } from '../../src/graph/value';
import type { Architecture } from '../../src/models/architecture';
import { outlineOf } from '../../src/models/outline';
import { createArchitecture } from '../../src/tasks/task_registry';

/** Groups the layers of the first transformer block by their input. Returns the last parts of their names. */
function groupsOf(model: Architecture): string[][] {
  const { inputs, attention } = outlineOf({
    model,
    weights: new Map(model.weights.map(({ name, shape }) => [name, pinned(name, shape)])),
    constants: new Map(model.constants.map(({ name, shape }) => [name, pinned(name, shape)])),
  });
  const first = [...inputs].filter(([name]) => /\.0\./.test(name));
  expect(inputs.size).toBe(first.length * attention.length);
  return [...new Set(first.map(([, x]) => x))].map((x) =>
    first.filter(([, other]) => other === x).map(([name]) => name.slice(name.lastIndexOf('.') + 1)),
  );
}

test('o_proj has an input of its own, even if hidden states, heads and keys have one width', () => {
  const model = createArchitecture({
    model_type: 'llama',
    hidden_size: 16,
    num_hidden_layers: 2,
    num_attention_heads: 4,
    num_key_value_heads: 4,
    intermediate_size: 16,
    vocab_size: 32,
    max_position_embeddings: 64,
    rms_norm_eps: 1e-5,
    hidden_act: 'silu',
  });
  expect(groupsOf(model)).toEqual([
    ['q_proj', 'k_proj', 'v_proj'],
    ['o_proj'],
    ['gate_proj', 'up_proj'],
    ['down_proj'],
  ]);
});

test('each fused projection has an input of its own', () => {
  const model = createArchitecture({
    model_type: 'gpt2',
    n_embd: 16,
    n_layer: 2,
    n_head: 4,
    n_positions: 64,
    vocab_size: 32,
    activation_function: 'gelu_new',
    layer_norm_epsilon: 1e-5,
  });
  expect(groupsOf(model)).toEqual([['c_attn'], ['c_proj'], ['c_fc'], ['c_proj']]);
});
