import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { JsonObject } from '../../../src/core/input/fields';
import { parseJsonObject } from '../../../src/formats/json';
import { parseLlamaConfig } from '../../../src/models/decoders/llama';
import { codeThrownBy } from '../../helpers/bytes/safetensors_bytes';

const read = (file: string): JsonObject => parseJsonObject(readFileSync(`test/golden/base/${file}`), file);
const llama = read('llama/config.json');
const llama3 = read('llama3-tied/config.json');
const longrope = { rope_type: 'longrope', short_factor: [1, 1, 1, 1], long_factor: [1, 2, 3, 4] };
const codeFor = (json: JsonObject) => codeThrownBy(() => parseLlamaConfig(json));
const without = (key: string): JsonObject => Object.fromEntries(Object.entries(llama).filter(([name]) => name !== key));

describe('files that transformers wrote', () => {
  test.each(['llama', 'llama-bf16', 'llama3-tied'])('%s reads the same from version 4 and 5', (name) => {
    expect(parseLlamaConfig(read(`${name}/config_v4.json`))).toEqual(parseLlamaConfig(read(`${name}/config.json`)));
  });
  test('llama', () => {
    expect(parseLlamaConfig(llama)).toEqual({
      model_type: 'llama',
      vocab_size: 96,
      hidden_size: 32,
      intermediate_size: 56,
      num_hidden_layers: 2,
      num_attention_heads: 4,
      num_key_value_heads: 2,
      head_dim: 8,
      max_position_embeddings: 40,
      rms_norm_eps: 1e-6,
      hidden_act: 'silu',
      rope: { type: 'default', theta: 10000 },
      tie_word_embeddings: false,
      attention_bias: false,
      mlp_bias: false,
      bos_token_id: 0,
      eos_token_ids: [1],
      pad_token_id: 2,
      dtype: 'float32',
    });
  });
  test('llama3', () => {
    const config = parseLlamaConfig(llama3);
    expect(config.tie_word_embeddings).toBe(true);
    expect(config.rope).toEqual({
      type: 'llama3',
      theta: 500000,
      factor: 8,
      low_freq_factor: 1,
      high_freq_factor: 4,
      original_max_position_embeddings: 16,
    });
  });
});

describe("Hugging Face's defaults", () => {
  test.each([
    ['num_key_value_heads', 4],
    ['head_dim', 8],
    ['max_position_embeddings', 2048],
    ['rms_norm_eps', 1e-6],
    ['hidden_act', 'silu'],
    ['tie_word_embeddings', false],
    ['attention_bias', false],
    ['mlp_bias', false],
    ['bos_token_id', 1],
    ['pad_token_id', null],
    ['dtype', null],
  ] as const)('%s', (key, expected) => {
    expect(parseLlamaConfig(without(key))[key]).toEqual(expected);
  });
  test('rope and eos_token_id', () => {
    expect(parseLlamaConfig(without('rope_parameters')).rope).toEqual({ type: 'default', theta: 10000 });
    expect(parseLlamaConfig(without('eos_token_id')).eos_token_ids).toEqual([2]);
  });
  test('null is no token, a list is all of them, and old files say −1', () => {
    const config = parseLlamaConfig({ ...llama, bos_token_id: null, eos_token_id: [1, 5], pad_token_id: -1 });
    expect(config).toMatchObject({ bos_token_id: null, eos_token_ids: [1, 5], pad_token_id: null });
    expect(parseLlamaConfig({ ...llama, eos_token_id: null }).eos_token_ids).toEqual([]);
  });
  test('a token outside the vocabulary occurs in no text, so that it counts as none', () => {
    const config = parseLlamaConfig({ ...llama, bos_token_id: 50256, eos_token_id: [1, 50256, -1] });
    expect(config).toMatchObject({ bos_token_id: null, eos_token_ids: [1] });
    expect(parseLlamaConfig({ ...llama, eos_token_id: 50256 }).eos_token_ids).toEqual([]);
  });
  test('dynamic scaling begins beyond the longest text', () => {
    const rope_scaling = { type: 'dynamic', factor: 2 };
    expect(parseLlamaConfig({ ...llama, rope_parameters: null, rope_theta: 5e5, rope_scaling }).rope).toEqual({
      type: 'default',
      theta: 5e5,
    });
  });

  test('rope_scaling takes precedence over rope_parameters', () => {
    const rope_parameters = { rope_type: 'default', rope_theta: 5e5 };
    const rope_scaling = { rope_type: 'linear', factor: 2 };
    const { rope } = parseLlamaConfig({ ...llama, rope_parameters, rope_scaling });
    expect(rope).toEqual({ type: 'linear', theta: 10000, factor: 2 });
  });

  test('rope_scaling may have the field type, as in old files', () => {
    const { rope_parameters: _, ...v4 } = llama;
    const rope_scaling = { type: 'default' };
    expect(parseLlamaConfig({ ...v4, rope_theta: 5e5, rope_scaling }).rope).toEqual({ type: 'default', theta: 5e5 });
  });
});

describe('malformed', () => {
  test.each([
    'model_type',
    'vocab_size',
    'hidden_size',
    'intermediate_size',
    'num_hidden_layers',
    'num_attention_heads',
  ])('without %s', (key) => {
    expect(codeFor(without(key))).toBe('invalid_format');
    expect(codeFor({ ...llama, [key]: null })).toBe('invalid_format');
  });

  const hostile: readonly unknown[] = ['*/ } fn evil(){', -1, 1.5, 1e12, '4', true, {}, [], [[1]], Number.MAX_VALUE];
  const sizes = ['vocab_size', 'hidden_size', 'intermediate_size', 'num_hidden_layers', 'num_attention_heads'];
  const others = ['num_key_value_heads', 'head_dim', 'max_position_embeddings', 'rms_norm_eps'];
  const cases = [...sizes, ...others].flatMap((key) => [...hostile, 0].map((value) => [key, value] as const));
  test.each(cases.filter(([key, value]) => !(key === 'rms_norm_eps' && value === 1.5)))('%s: %j', (key, value) => {
    expect(codeFor({ ...llama, [key]: value })).toBe('invalid_format');
  });
  test.each([
    ['num_key_value_heads that do not divide the heads', { num_key_value_heads: 3 }],
    ['more num_key_value_heads than heads', { num_key_value_heads: 8 }],
    ['a hidden_size that heads do not divide', { head_dim: null, hidden_size: 34 }],
    ['an odd head_dim', { head_dim: 7 }],
    ['a head_dim beyond any published model', { head_dim: 4098 }],
    ['rms_norm_eps above 1', { rms_norm_eps: 1.5 }],
    ['a padding token beyond the vocabulary', { pad_token_id: 96 }],
    ['a text in a list of tokens', { eos_token_id: [1, '2'] }],
    ['a negative token', { eos_token_id: -2 }],
    ['dynamic scaling without its factor', { rope_parameters: { rope_type: 'dynamic' } }],
    ['a flag that isn’t a boolean', { tie_word_embeddings: 'true' }],
    ['biases that aren’t a boolean', { attention_bias: 1 }],
    ['rope as a string', { rope_parameters: 'default' }],
    ['rope_theta 0', { rope_parameters: { rope_theta: 0 } }],
    ['llama3 without its factor', { rope_parameters: { ...(llama3.rope_parameters as object), factor: null } }],
    ['llama3 with equal factors', { rope_parameters: { ...(llama3.rope_parameters as object), high_freq_factor: 1 } }],
    ['yarn without a factor', { rope_parameters: { rope_type: 'yarn' } }],
    ['yarn with a factor of 0', { rope_parameters: { rope_type: 'yarn', factor: 0 } }],
    ['yarn over a theta of 1', { rope_parameters: { rope_type: 'yarn', factor: 2, rope_theta: 1 } }],
    ['longrope without its factors', { rope_parameters: { rope_type: 'longrope' } }],
    ['longrope over one position', { rope_parameters: { ...longrope, original_max_position_embeddings: 1 } }],
    ['hidden_act as a number', { hidden_act: 1 }],
    ['dtype as a number', { dtype: 16 }],
  ])('%s', (_, change) => {
    expect(codeFor({ ...llama, ...change })).toBe('invalid_format');
  });
  const badFactors = [
    null,
    'x',
    {},
    [],
    Array(5).fill(1),
    [1, 1, 1, 0],
    [1, 1, 1, '1'],
    [1, 1, 1, Infinity],
    [1, 1, 1],
  ];
  test.each(badFactors.map((factors) => [factors]))('longrope by %j', (long_factor) => {
    expect(codeFor({ ...llama, rope_parameters: { ...longrope, long_factor } })).toBe('invalid_format');
  });
  test('messages name the key, the expected values and the value', () => {
    expect(() => parseLlamaConfig({ ...llama, hidden_size: 'x' })).toThrow(
      'config.json: hidden_size: expected an integer from 1 to 1048576, got "x"',
    );
    expect(() => parseLlamaConfig(without('hidden_size'))).toThrow('got nothing');
  });
});

describe('unsupported', () => {
  test.each([
    ['another model', { model_type: 'qwen3' }],
    ['another activation', { hidden_act: 'mish' }],
    ['WGSL for an activation', { hidden_act: '*/ } fn evil(){' }],
    ['an unknown type, as old files spell it', { rope_parameters: null, rope_scaling: { type: 'ntk', factor: 2 } }],
    ['tokens that attend to later ones', { is_causal: false }],
    ['null, which is false for transformers', { is_causal: null }],
    ['the same, under its other name', { use_bidirectional_attention: true }],
    ['quantised weights', { quantization_config: { quant_method: 'gptq' } }],
    ['part of the head rotated', { rope_scaling: { type: 'linear', factor: 2, partial_rotary_factor: 0.5 } }],
    ['float8', { dtype: 'float8_e4m3fn' }],
  ])('%s', (_, change) => {
    expect(codeFor({ ...llama, ...change })).toBe('unsupported_model');
  });
});

test('whatever a field holds, only the two codes are thrown', () => {
  fc.assert(
    fc.property(fc.constantFrom(...Object.keys(llama)), fc.jsonValue(), (key, value) => {
      expect([undefined, 'invalid_format', 'unsupported_model']).toContain(codeFor({ ...llama, [key]: value }));
    }),
    { numRuns: 2000 },
  );
});

test('the result is frozen', () => {
  const config = parseLlamaConfig(llama);
  for (const part of [config, config.rope, config.eos_token_ids]) expect(Object.isFrozen(part)).toBe(true);
});

test("the base's own dropout is ignored, as in GPT-2 and OPT", () => {
  expect(parseLlamaConfig({ ...llama, attention_dropout: 0.1 })).toEqual(parseLlamaConfig(llama));
});
