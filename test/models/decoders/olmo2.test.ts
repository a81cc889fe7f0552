import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import type { JsonObject } from '../../../src/core/input/fields';
import { parseJsonObject } from '../../../src/formats/json';
import { parseOlmo2Config } from '../../../src/models/decoders/olmo2';
import { createArchitecture } from '../../../src/tasks/task_registry';
import { codeThrownBy } from '../../helpers/bytes/safetensors_bytes';

const file = 'test/golden/base/olmo2/config.json';
const olmo2: JsonObject & { readonly model_type: string } = {
  model_type: 'olmo2',
  ...parseJsonObject(readFileSync(file), file),
};

test('reads the same from the fields of version 4 of transformers', () => {
  const { rope_parameters: _, dtype, ...rest } = olmo2;
  const old = { ...rest, rope_theta: 5e5, rope_scaling: null, torch_dtype: dtype };
  expect(parseOlmo2Config(old)).toEqual(parseOlmo2Config(olmo2));
});

test('has the defaults of transformers', () => {
  const sizes = {
    vocab_size: 50304,
    hidden_size: 32,
    intermediate_size: 56,
    num_hidden_layers: 2,
    num_attention_heads: 4,
  };
  expect(parseOlmo2Config({ model_type: 'olmo2', ...sizes })).toMatchObject({
    num_key_value_heads: 4,
    max_position_embeddings: 2048,
    rms_norm_eps: 1e-5,
    tie_word_embeddings: false,
    bos_token_id: null,
    eos_token_ids: [50279],
    pad_token_id: 1,
    attention_bias: false,
  });
});

test('has no norms before attention and MLP, and norms over all heads', () => {
  const { weights } = createArchitecture(olmo2);
  const norms = weights.filter(({ name }) => /layers\.1\..*norm/.test(name));
  expect(norms.map(({ name, shape }) => [name.slice('model.layers.1.'.length), shape])).toEqual([
    ['self_attn.q_norm.weight', [32]],
    ['self_attn.k_norm.weight', [16]],
    ['post_attention_layernorm.weight', [32]],
    ['post_feedforward_layernorm.weight', [32]],
  ]);
});

test('biases of attention are those that the file asks for', () => {
  const { weights } = createArchitecture({ ...olmo2, attention_bias: true });
  const biases = weights.map(({ name }) => name).filter((name) => /layers\.0\..*bias$/.test(name));
  expect(biases.map((name) => name.split('.').at(-2))).toEqual(['q_proj', 'k_proj', 'v_proj', 'o_proj']);
});

test.each([
  ['another type', { model_type: 'olmo' }],
  ['rotary embeddings of another kind', { rope_parameters: { rope_type: 'ntk', factor: 2 } }],
])('%s is refused', (_, change) => {
  expect(codeThrownBy(() => parseOlmo2Config({ ...olmo2, ...change }))).toBe('unsupported_model');
});
