import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import type { JsonObject } from '../../../src/core/input/fields';
import { parseJsonObject } from '../../../src/formats/json';
import { pinned } from '../../../src/graph/value';
import { fileShape } from '../../../src/models/architecture';
import { parseLfm2Config } from '../../../src/models/decoders/lfm2/lfm2_config';
import { outlineOf } from '../../../src/models/outline';
import { createArchitecture } from '../../../src/tasks/task_registry';
import { codeThrownBy } from '../../helpers/bytes/safetensors_bytes';

const file = 'test/golden/base/lfm2/config.json';
const small: JsonObject & { readonly model_type: string } = {
  model_type: 'lfm2',
  ...parseJsonObject(readFileSync(file), file),
};

/** The config.json of LFM2-350M, which was written by hand for transformers 4. */
const LFM2_350M = {
  architectures: ['Lfm2ForCausalLM'],
  block_auto_adjust_ff_dim: true,
  block_dim: 1024,
  block_ff_dim: 6656,
  block_ffn_dim_multiplier: 1,
  block_mlp_init_scale: 1,
  block_multiple_of: 256,
  block_norm_eps: 1e-5,
  block_out_init_scale: 1,
  block_use_swiglu: true,
  block_use_xavier_init: true,
  bos_token_id: 1,
  conv_L_cache: 3,
  conv_bias: false,
  conv_dim: 1024,
  conv_dim_out: 1024,
  conv_use_xavier_init: true,
  eos_token_id: 7,
  full_attn_idxs: [2, 5, 8, 10, 12, 14],
  hidden_size: 1024,
  initializer_range: 0.02,
  max_position_embeddings: 128000,
  model_type: 'lfm2',
  norm_eps: 1e-5,
  num_attention_heads: 16,
  num_heads: 16,
  num_hidden_layers: 16,
  num_key_value_heads: 8,
  pad_token_id: 0,
  rope_theta: 1e6,
  theta: 1e6,
  tie_embedding: true,
  torch_dtype: 'bfloat16',
  use_cache: true,
  use_pos_enc: true,
  vocab_size: 65536,
};

test('reads the files of the first checkpoints', () => {
  const { convolution, ...config } = parseLfm2Config(LFM2_350M);
  expect(config).toMatchObject({
    intermediate_size: 4608,
    rms_norm_eps: 1e-5,
    head_dim: 64,
    rope: { type: 'default', theta: 1e6 },
    eos_token_ids: [7],
    tie_word_embeddings: true,
    dtype: 'bfloat16',
  });
  expect(convolution.length).toBe(3);
  expect(convolution.layers.flatMap((convolves, layer) => (convolves ? [] : [layer]))).toEqual([2, 5, 8, 10, 12, 14]);
  const { weights, tied } = createArchitecture(LFM2_350M);
  const parameters = weights.reduce((sum, { shape }) => sum + shape.reduce((a, b) => a * b), 0);
  expect(parameters).toBe(354_483_968);
  expect([...tied]).toEqual([['lm_head', 'model.embed_tokens']]);
});

test.each([true, false])('the model’s configuration names its tie as other families do: %j', (tie_embedding) => {
  const { config } = createArchitecture({ ...LFM2_350M, tie_embedding, tie_word_embeddings: !tie_embedding });
  expect(config.tie_word_embeddings).toBe(tie_embedding);
  expect(config).not.toHaveProperty('tie_embedding');
});

test('reads the same from the fields of transformers 5', () => {
  const { block_ff_dim, tie_embedding, rope_theta, theta: _, torch_dtype, full_attn_idxs, ...rest } = LFM2_350M;
  const { convolution } = parseLfm2Config(LFM2_350M);
  const written = {
    ...rest,
    intermediate_size: block_ff_dim,
    tie_word_embeddings: tie_embedding,
    rope_parameters: { rope_theta, rope_type: 'default' },
    dtype: torch_dtype,
    layer_types: convolution.layers.map((convolves) => (convolves ? 'conv' : 'full_attention')),
    full_attn_idxs: null,
  };
  expect(parseLfm2Config(written)).toEqual(parseLfm2Config(LFM2_350M));
});

test('has the defaults of transformers', () => {
  const sizes = {
    vocab_size: 96,
    hidden_size: 32,
    intermediate_size: 56,
    num_hidden_layers: 2,
    num_attention_heads: 8,
  };
  expect(parseLfm2Config({ model_type: 'lfm2', ...sizes })).toMatchObject({
    num_key_value_heads: 8,
    intermediate_size: 256,
    max_position_embeddings: 128_000,
    rms_norm_eps: 1e-5,
    rope: { type: 'default', theta: 1e6 },
    tie_word_embeddings: true,
    bos_token_id: 1,
    eos_token_ids: [2],
    pad_token_id: 0,
    convolution: { length: 3, layers: [false, false] },
  });
});

test.each([
  [{ block_auto_adjust_ff_dim: false }, 56],
  [{}, 40],
  [{ block_ffn_dim_multiplier: 1.3 }, 48],
  [{ block_ffn_dim_multiplier: null }, 37],
  [{ block_multiple_of: 37 }, 37],
  [{ block_ff_dim: 100 }, 72],
])('the width of the MLP with %j is %i', (change, width) => {
  expect(parseLfm2Config({ ...small, ...change }).intermediate_size).toBe(width);
});

test('files have the weights of convolutions as torch’s Conv1d', () => {
  const { weights } = createArchitecture(small);
  const convolutions = weights.filter(({ name }) => name.endsWith('.conv.conv.weight'));
  expect(convolutions.map((spec) => [spec.name, spec.shape, fileShape(spec)])).toEqual([
    ['model.layers.0.conv.conv.weight', [3, 32], [32, 1, 3]],
    ['model.layers.2.conv.conv.weight', [3, 32], [32, 1, 3]],
  ]);
});

test('generation holds a few inputs of a convolution, and keys and values of all tokens', () => {
  const model = createArchitecture(small);
  const values = (specs: readonly { readonly name: string; readonly shape: readonly number[] }[]) =>
    new Map(specs.map(({ name, shape }) => [name, pinned(name, shape)]));
  const { caches } = outlineOf({ model, weights: values(model.weights), constants: values(model.constants) });
  const sizes = caches.map((cache) =>
    Object.entries(cache).map(([name, { width, count }]) => [name, width, count(40)]),
  );
  const [convolution, keysAndValues] = [
    [['input', 32, 2]],
    [
      ['key', 16, 40],
      ['value', 16, 40],
    ],
  ];
  expect(sizes).toEqual([convolution, keysAndValues, convolution]);
});

describe('is refused', () => {
  test.each([
    ['another type', { model_type: 'lfm2_moe' }, 'unsupported_model'],
    ['convolutions with biases', { conv_bias: true }, 'unsupported_model'],
    ['another kind of layer', { layer_types: ['conv', 'sliding_attention', 'conv'] }, 'unsupported_model'],
    ['attention in both directions', { is_causal: false }, 'unsupported_model'],
    ['layers of which there are fewer', { layer_types: ['conv'] }, 'invalid_format'],
    ['layers that are none', { layer_types: null, full_attn_idxs: '1' }, 'invalid_format'],
    ['layers between others', { layer_types: null, full_attn_idxs: [0.5] }, 'invalid_format'],
    ['a convolution over no token', { conv_L_cache: 0 }, 'invalid_format'],
    ['a convolution over many tokens', { conv_L_cache: 65 }, 'invalid_format'],
    ['a wide MLP', { block_ff_dim: 2 ** 40 }, 'invalid_format'],
    ['an MLP that is scaled up', { block_ffn_dim_multiplier: 1e300 }, 'invalid_format'],
    ['an MLP that is rounded up', { block_multiple_of: 2 ** 40 }, 'invalid_format'],
    ['an MLP of no width', { block_auto_adjust_ff_dim: true, intermediate_size: 1 }, 'invalid_format'],
    ['a text in place of a switch', { block_auto_adjust_ff_dim: 'yes' }, 'invalid_format'],
    ['a head that is tied by a text', { tie_embedding: 'no' }, 'invalid_format'],
    ['many layers', { num_hidden_layers: 1e9 }, 'invalid_format'],
  ])('%s', (_, change, code) => {
    expect(codeThrownBy(() => parseLfm2Config({ ...small, ...change }))).toBe(code);
  });

  test('a classifier, which transformers doesn’t have', () => {
    expect(codeThrownBy(() => createArchitecture(small, 'sequence_classification'))).toBe('unsupported_model');
  });
});
