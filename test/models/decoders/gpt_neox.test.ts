import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import type { JsonObject } from '../../../src/core/input/fields';
import { parseJsonObject } from '../../../src/formats/json';
import { parseGptNeoxConfig } from '../../../src/models/decoders/gpt_neox';
import { createArchitecture } from '../../../src/tasks/task_registry';
import { codeThrownBy } from '../../helpers/bytes/safetensors_bytes';

const read = (name: string): JsonObject & { readonly model_type: string } => {
  const file = `test/golden/base/${name}/config.json`;
  return { model_type: 'gpt_neox', ...parseJsonObject(readFileSync(file), file) };
};
const small = read('gpt-neox');
const sequential = read('gpt-neox-sequential');

/** The config.json of Pythia-70m. */
const PYTHIA = {
  architectures: ['GPTNeoXForCausalLM'],
  bos_token_id: 0,
  eos_token_id: 0,
  hidden_act: 'gelu',
  hidden_size: 512,
  initializer_range: 0.02,
  intermediate_size: 2048,
  layer_norm_eps: 1e-5,
  max_position_embeddings: 2048,
  model_type: 'gpt_neox',
  num_attention_heads: 8,
  num_hidden_layers: 6,
  rotary_emb_base: 10000,
  rotary_pct: 0.25,
  tie_word_embeddings: false,
  torch_dtype: 'float16',
  transformers_version: '4.24.0',
  use_cache: true,
  use_parallel_residual: true,
  vocab_size: 50304,
};

test('reads Pythia’s files', () => {
  expect(parseGptNeoxConfig(PYTHIA)).toMatchObject({
    head_dim: 64,
    rope: { type: 'default', theta: 10000, partial_rotary_factor: 0.25 },
    attention_bias: true,
    use_parallel_residual: true,
    eos_token_ids: [0],
    pad_token_id: null,
    dtype: 'float16',
  });
});

test('reads the same from the fields of version 4 of transformers', () => {
  const { rope_parameters: _, dtype, ...rest } = sequential;
  const old = { ...rest, rotary_pct: 1, rotary_emb_base: 500, torch_dtype: dtype };
  expect(parseGptNeoxConfig(old)).toEqual(parseGptNeoxConfig(sequential));
  expect(parseGptNeoxConfig(old)).toMatchObject({
    rope: { theta: 500 },
    attention_bias: false,
    use_parallel_residual: false,
  });
});

test('has the defaults of transformers', () => {
  const sizes = {
    vocab_size: 96,
    hidden_size: 32,
    intermediate_size: 56,
    num_hidden_layers: 2,
    num_attention_heads: 4,
  };
  expect(parseGptNeoxConfig({ model_type: 'gpt_neox', ...sizes })).toMatchObject({
    max_position_embeddings: 2048,
    layer_norm_eps: 1e-5,
    hidden_act: 'gelu',
    attention_bias: true,
    use_parallel_residual: true,
    rope: { type: 'default', theta: 10000, partial_rotary_factor: 0.25 },
    tie_word_embeddings: false,
    bos_token_id: 0,
    eos_token_ids: [2],
    pad_token_id: null,
  });
});

test('files name the head embed_out or lm_head, unless it is tied', () => {
  const { head, weights } = createArchitecture(PYTHIA);
  const stored = { name: 'lm_head.weight', storedNames: ['embed_out.weight', 'lm_head.weight'] };
  expect(weights.at(-1)).toMatchObject(stored);
  expect(head.modules.map(({ name }) => name)).toEqual(['lm_head']);
  const tied = createArchitecture({ ...PYTHIA, tie_word_embeddings: true });
  expect([...tied.tied]).toEqual([['lm_head', 'gpt_neox.embed_in']]);
  expect(tied.weights.map(({ name }) => name)).not.toContain('lm_head.weight');
});

test('attention_bias decides about the biases of attention alone', () => {
  const { weights } = createArchitecture({ ...small, attention_bias: false });
  const biases = weights.map(({ name }) => name).filter((name) => /layers\.0\..*(dense|value|h)\.bias$/.test(name));
  expect(biases.map((name) => name.split('.').at(-2))).toEqual(['dense_h_to_4h', 'dense_4h_to_h']);
});

test('labels tokens by the head of its class', () => {
  const { head } = createArchitecture(small, 'token_classification');
  expect(head.className).toBe('GPTNeoXForTokenClassification');
  expect(head.modules.map(({ name }) => name)).toEqual(['dropout', 'classifier']);
});

test('a padding token outside the vocabulary is none, as the embedding has no padding', () => {
  expect(parseGptNeoxConfig({ ...small, pad_token_id: 1e5 }).pad_token_id).toBeNull();
});

describe('is refused', () => {
  test.each([
    ['another type', { model_type: 'gpt_neox_japanese' }, 'unsupported_model'],
    ['another activation', { hidden_act: 'mish' }, 'unsupported_model'],
    ['another kind of rotary embeddings', { rope_scaling: { type: 'ntk', factor: 2 } }, 'unsupported_model'],
    ['attention in both directions', { is_causal: false }, 'unsupported_model'],
    ['heads of another size', { head_dim: 16 }, 'unsupported_model'],
    ['a width that heads don’t divide', { num_attention_heads: 5 }, 'invalid_format'],
    ['heads of an odd size', { hidden_size: 36 }, 'invalid_format'],
    ['a share of heads that has no pairs', { rope_parameters: null, rotary_pct: 0.4 }, 'invalid_format'],
    ['a huge head', { hidden_size: 2 ** 20, num_attention_heads: 1 }, 'invalid_format'],
    ['more than whole heads', { rope_parameters: null, rotary_pct: 1.5 }, 'invalid_format'],
    ['a share in words', { rope_parameters: null, rotary_pct: '25%' }, 'invalid_format'],
    ['a base of 0', { rope_parameters: null, rotary_emb_base: 0 }, 'invalid_format'],
    ['residuals in words', { use_parallel_residual: 'no' }, 'invalid_format'],
    ['biases as a number', { attention_bias: 1 }, 'invalid_format'],
    ['a wide MLP', { intermediate_size: 2 ** 40 }, 'invalid_format'],
    ['no width of the MLP', { intermediate_size: null }, 'invalid_format'],
    ['many layers', { num_hidden_layers: 1e9 }, 'invalid_format'],
    ['a long context', { max_position_embeddings: 2 ** 31 }, 'invalid_format'],
    ['an epsilon below 0', { layer_norm_eps: -1e-5 }, 'invalid_format'],
  ])('%s', (_, change, code) => {
    expect(codeThrownBy(() => parseGptNeoxConfig({ ...small, ...change }))).toBe(code);
  });
});

test('errors name the field of the file', () => {
  const old = { ...small, rope_parameters: null };
  expect(() => parseGptNeoxConfig({ ...old, rotary_pct: 0.1 })).toThrow('config.json: rotary_pct: expected a share');
  const yarn = { ...old, rope_scaling: { type: 'yarn', factor: 2 } };
  expect(() => parseGptNeoxConfig({ ...yarn, rotary_pct: 1, rotary_emb_base: 0.5 })).toThrow(
    'config.json: rotary_emb_base: expected a number above 1',
  );
});
