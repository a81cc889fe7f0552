import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { JsonObject } from '../../../src/core/input/fields';
import { parseJsonObject } from '../../../src/formats/json';
import { createGpt2, parseGpt2Config } from '../../../src/models/decoders/gpt2';
import { codeThrownBy } from '../../helpers/bytes/safetensors_bytes';

const gpt2 = parseJsonObject(readFileSync('test/golden/base/gpt2/config.json'), 'config.json');
const codeFor = (json: JsonObject) => codeThrownBy(() => parseGpt2Config(json));
const without = (key: string): JsonObject => Object.fromEntries(Object.entries(gpt2).filter(([name]) => name !== key));

test('a file that transformers wrote', () => {
  const config = parseGpt2Config(gpt2);
  expect(config).toEqual({
    model_type: 'gpt2',
    vocab_size: 96,
    n_positions: 40,
    n_embd: 32,
    n_layer: 2,
    n_head: 4,
    n_inner: 128,
    layer_norm_epsilon: 1e-5,
    scale_attn_weights: true,
    scale_attn_by_inverse_layer_idx: false,
    activation_function: 'gelu_new',
    tie_word_embeddings: true,
    bos_token_id: 0,
    eos_token_ids: [1],
    pad_token_id: 2,
    dtype: 'float32',
  });
  for (const part of [config, config.eos_token_ids]) expect(Object.isFrozen(part)).toBe(true);
});

describe("Hugging Face's defaults", () => {
  test.each([
    ['n_positions', 1024],
    ['n_inner', 128],
    ['layer_norm_epsilon', 1e-5],
    ['activation_function', 'gelu_new'],
    ['tie_word_embeddings', true],
    ['pad_token_id', null],
    ['dtype', null],
  ] as const)('%s', (key, expected) => {
    expect(parseGpt2Config(without(key))[key]).toEqual(expected);
  });
  test.each([
    'scale_attn_weights',
    'scale_attn_by_inverse_layer_idx',
    'reorder_and_upcast_attn',
    'add_cross_attention',
  ])('%s', (key) => {
    expect(codeFor(without(key))).toBeUndefined();
  });
  test('a text begins and ends with the last token of the public vocabulary, if the vocabulary has it', () => {
    const { bos_token_id: _, eos_token_id: __, ...rest } = gpt2;
    expect(parseGpt2Config(rest)).toMatchObject({ bos_token_id: null, eos_token_ids: [] });
    expect(parseGpt2Config({ ...rest, vocab_size: 50257 })).toMatchObject({
      bos_token_id: 50256,
      eos_token_ids: [50256],
    });
  });
  test.each([96, 50256, -1])('a padding token outside the vocabulary is none: %d', (pad_token_id) => {
    expect(parseGpt2Config({ ...gpt2, pad_token_id }).pad_token_id).toBeNull();
    const { text } = createGpt2({ ...gpt2, model_type: 'gpt2', pad_token_id });
    expect(text?.padTokenId).toBeUndefined();
  });
  test('n_inner may be any width', () => {
    expect(parseGpt2Config({ ...gpt2, n_inner: 48 }).n_inner).toBe(48);
  });
});

test('the common names of sizes take precedence over the own ones, as in transformers', () => {
  const common = { hidden_size: 48, max_position_embeddings: 20, num_attention_heads: 8, num_hidden_layers: 3 };
  const sizes = { n_embd: 48, n_positions: 20, n_head: 8, n_layer: 3 };
  expect(parseGpt2Config({ ...gpt2, ...common })).toMatchObject(sizes);
  const { n_head: _, ...rest } = gpt2;
  expect(parseGpt2Config({ ...rest, num_attention_heads: 2 }).n_head).toBe(2);
  expect(parseGpt2Config({ ...gpt2, num_attention_heads: null }).n_head).toBe(4);
});

describe('malformed', () => {
  const sizes = ['vocab_size', 'n_embd', 'n_layer', 'n_head'];
  test.each(['model_type', ...sizes])('without %s', (key) => {
    expect(codeFor(without(key))).toBe('invalid_format');
    expect(codeFor({ ...gpt2, [key]: null })).toBe('invalid_format');
  });

  const hostile: readonly unknown[] = ['*/ } fn evil(){', -1, 0, 1.5, 1e12, '4', true, {}, [], [[1]], Number.MAX_VALUE];
  const cases = [...sizes, 'n_positions', 'n_inner', 'layer_norm_epsilon'].flatMap((key) =>
    hostile.map((value) => [key, value] as const),
  );
  test.each(cases)('%s: %j', (key, value) => {
    expect(codeFor({ ...gpt2, [key]: value })).toBe('invalid_format');
  });
  test.each([
    ['a width that heads do not divide', { n_embd: 34 }],
    ['a padding token that is no integer', { pad_token_id: 1.5 }],
    ['a negative padding token', { pad_token_id: -2 }],
    ['a negative token', { eos_token_id: -2 }],
    ['a flag that isn’t a boolean', { tie_word_embeddings: 'true' }],
    ['another flag that isn’t a boolean', { scale_attn_weights: 1 }],
    ['a third', { reorder_and_upcast_attn: 'yes' }],
    ['an activation that isn’t a string', { activation_function: 1 }],
    ['dtype as a number', { dtype: 16 }],
  ])('%s', (_, change) => {
    expect(codeFor({ ...gpt2, ...change })).toBe('invalid_format');
  });
});

describe('unsupported', () => {
  test.each([
    ['another model', { model_type: 'gpt_bigcode' }],
    ['another activation', { activation_function: 'mish' }],
    ['WGSL for an activation', { activation_function: '*/ } fn evil(){' }],
    ['cross attention', { add_cross_attention: true }],
    ['quantised weights', { quantization_config: { quant_method: 'gptq' } }],
    ['float8', { dtype: 'float8_e4m3fn' }],
  ])('%s', (_, change) => {
    expect(codeFor({ ...gpt2, ...change })).toBe('unsupported_model');
  });
  test('messages name the key, the supported values and the value', () => {
    expect(() => parseGpt2Config({ ...gpt2, activation_function: 'mish' })).toThrow(
      /^config\.json: activation_function: expected "gelu_new" or "gelu" or .* or "silu" or "swish", got "mish"$/,
    );
  });
});

test('whatever a field holds, only the two codes are thrown', () => {
  fc.assert(
    fc.property(fc.constantFrom(...Object.keys(gpt2)), fc.jsonValue(), (key, value) => {
      expect([undefined, 'invalid_format', 'unsupported_model']).toContain(codeFor({ ...gpt2, [key]: value }));
    }),
    { numRuns: 1000 },
  );
});
