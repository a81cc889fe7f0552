import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import type { JsonObject } from '../../../src/core/input/fields';
import { parseJsonObject } from '../../../src/formats/json';
import { parseGptNeoConfig } from '../../../src/models/decoders/gpt_neo';
import { createArchitecture } from '../../../src/tasks/task_registry';
import { codeThrownBy } from '../../helpers/bytes/safetensors_bytes';

const file = 'test/golden/base/gpt-neo/config.json';
const small: JsonObject & { readonly model_type: string } = {
  model_type: 'gpt_neo',
  ...parseJsonObject(readFileSync(file), file),
};

/** Fields by which `attention_types` alone says which layers are local. */
const unlisted = { attention_layers: null };

/** The config.json of TinyStories-33M, without fields that change no number. */
const TINY_STORIES = {
  activation_function: 'gelu_new',
  architectures: ['GPTNeoForCausalLM'],
  attention_dropout: 0,
  attention_layers: ['global', 'local', 'global', 'local'],
  attention_types: [[['global', 'local'], 2]],
  bos_token_id: 50256,
  embed_dropout: 0,
  eos_token_id: 50256,
  hidden_size: 768,
  initializer_range: 0.02,
  intermediate_size: null,
  layer_norm_epsilon: 1e-5,
  max_position_embeddings: 2048,
  model_type: 'gpt_neo',
  num_heads: 16,
  num_layers: 4,
  resid_dropout: 0,
  torch_dtype: 'float32',
  vocab_size: 50257,
  window_size: 256,
};

test('reads TinyStories’ files', () => {
  expect(parseGptNeoConfig(TINY_STORIES)).toMatchObject({
    local: [false, true, false, true],
    window_size: 256,
    intermediate_size: 3072,
    eos_token_ids: [50256],
    dtype: 'float32',
  });
  const { head, tied } = createArchitecture(TINY_STORIES);
  expect(head.className).toBe('GPTNeoForCausalLM');
  expect([...tied]).toEqual([['lm_head', 'transformer.wte']]);
});

test('has the defaults of transformers', () => {
  const sizes = { vocab_size: 60000, hidden_size: 32, num_layers: 24, num_heads: 4 };
  const config = parseGptNeoConfig({ model_type: 'gpt_neo', ...sizes });
  expect(config).toMatchObject({
    intermediate_size: 128,
    window_size: 256,
    max_position_embeddings: 2048,
    layer_norm_epsilon: 1e-5,
    activation_function: 'gelu_new',
    tie_word_embeddings: true,
    bos_token_id: 50256,
    eos_token_ids: [50256],
    pad_token_id: null,
  });
  expect(config.local).toEqual(Array.from({ length: 24 }, (_, layer) => layer % 2 === 1));
});

test.each([
  [[[['global'], 3]], [false, false, false]],
  [
    [
      [['local'], 1],
      [['global', 'local'], 1],
    ],
    [true, false, true],
  ],
])('layers are those of attention_types: %j', (attention_types, local) => {
  const { attention_layers: _, ...rest } = TINY_STORIES;
  expect(parseGptNeoConfig({ ...rest, num_layers: 3, attention_types }).local).toEqual(local);
});

test('attention_layers decides where attention_types says otherwise, as in transformers', () => {
  const attention_types = [[['global', 'local'], 6]];
  const { local } = parseGptNeoConfig({ ...small, attention_types, attention_layers: ['local', 'global'] });
  expect(local).toEqual([true, false]);
});

test('the common names of sizes take precedence over the own ones, as in transformers', () => {
  expect(parseGptNeoConfig({ ...small, num_attention_heads: 2 }).num_heads).toBe(2);
  const layers = { attention_layers: ['local', 'global', 'local'], num_hidden_layers: 3 };
  expect(parseGptNeoConfig({ ...small, ...layers }).num_layers).toBe(3);
});

test('only the linear layers after attention and in the MLP have biases', () => {
  const { weights } = createArchitecture(small);
  const biases = weights.map(({ name }) => name).filter((name) => /h\.0\..*(proj|fc)\.bias$/.test(name));
  expect(biases.map((name) => name.split('.').at(-2))).toEqual(['out_proj', 'c_fc', 'c_proj']);
});

test('labels tokens by the head of its class', () => {
  const { head } = createArchitecture(small, 'token_classification');
  expect(head.className).toBe('GPTNeoForTokenClassification');
  expect(head.modules.map(({ name }) => name)).toEqual(['dropout', 'classifier']);
});

describe('is refused', () => {
  test.each([
    ['another type', { model_type: 'gpt2' }, 'unsupported_model'],
    ['another activation', { activation_function: 'mish' }, 'unsupported_model'],
    ['attention in both directions', { is_causal: false }, 'unsupported_model'],
    ['another kind of layer', { ...unlisted, attention_types: [[['global', 'sparse'], 1]] }, 'unsupported_model'],
    ['a width that heads don’t divide', { num_heads: 5 }, 'invalid_format'],
    ['no heads', { num_heads: null }, 'invalid_format'],
    ['many layers', { num_layers: 1e9 }, 'invalid_format'],
    ['a window of 0', { window_size: 0 }, 'invalid_format'],
    ['a wide MLP', { intermediate_size: 2 ** 40 }, 'invalid_format'],
    ['a long context', { max_position_embeddings: 2 ** 31 }, 'invalid_format'],
    ['more layers than the model has', { attention_layers: ['local', 'global', 'local'] }, 'invalid_format'],
    ['a layer of another kind', { attention_layers: ['global', 'sparse'] }, 'unsupported_model'],
    ['layers that are none', { attention_layers: { length: 2 } }, 'invalid_format'],
  ])('%s', (_, change, code) => {
    expect(codeThrownBy(() => parseGptNeoConfig({ ...small, ...change }))).toBe(code);
  });

  const lists: readonly unknown[] = [
    'global',
    { length: 1 },
    [],
    [null],
    ['global', 'local'],
    [[['global', 'local'], 2]],
    [[['global'], 1]],
    [[['global', 'local'], -1]],
    [[['global', 'local'], 0.5]],
    [[['global', 'local'], '1']],
    [[[], 1e15]],
    [[['global'], 2 ** 52]],
    [
      [['global', 'local'], 1],
      [[], 1],
    ],
  ];
  test.each(lists.map((attention_types) => ({ ...unlisted, attention_types })))(
    'layers by $attention_types',
    (change) => {
      expect(codeThrownBy(() => parseGptNeoConfig({ ...small, ...change }))).toBe('invalid_format');
    },
  );
});
