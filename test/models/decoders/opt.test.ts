import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { JsonObject } from '../../../src/core/input/fields';
import { parseJsonObject } from '../../../src/formats/json';
import { parseOptConfig } from '../../../src/models/decoders/opt';
import { createArchitecture } from '../../../src/tasks/task_registry';
import { codeThrownBy } from '../../helpers/bytes/safetensors_bytes';

const read = (base: string): JsonObject =>
  parseJsonObject(readFileSync(`test/golden/base/${base}/config.json`), 'config.json');
const opt = read('opt');
const codeFor = (json: JsonObject) => codeThrownBy(() => parseOptConfig(json));
const without = (key: string): JsonObject => Object.fromEntries(Object.entries(opt).filter(([name]) => name !== key));

describe('files that transformers wrote', () => {
  test('opt', () => {
    const config = parseOptConfig(opt);
    expect(config).toEqual({
      model_type: 'opt',
      vocab_size: 96,
      hidden_size: 32,
      word_embed_proj_dim: 32,
      ffn_dim: 56,
      num_hidden_layers: 2,
      num_attention_heads: 4,
      max_position_embeddings: 40,
      do_layer_norm_before: true,
      final_layer_norm: true,
      activation_function: 'relu',
      enable_bias: true,
      tie_word_embeddings: true,
      bos_token_id: 0,
      eos_token_ids: [1],
      pad_token_id: 2,
      dtype: 'float32',
    });
    for (const part of [config, config.eos_token_ids]) expect(Object.isFrozen(part)).toBe(true);
  });
  test('opt-postnorm has narrow embeddings and no last norm', () => {
    expect(parseOptConfig(read('opt-postnorm'))).toMatchObject({
      word_embed_proj_dim: 16,
      do_layer_norm_before: false,
      final_layer_norm: false,
    });
  });
  test('old files ask for a network without the last norm', () => {
    expect(parseOptConfig({ ...opt, _remove_final_layer_norm: true }).final_layer_norm).toBe(false);
  });
});

describe("Hugging Face's defaults", () => {
  test.each([
    ['word_embed_proj_dim', 32],
    ['max_position_embeddings', 2048],
    ['do_layer_norm_before', true],
    ['enable_bias', true],
    ['tie_word_embeddings', true],
    ['bos_token_id', 2],
    ['pad_token_id', 1],
    ['dtype', null],
  ] as const)('%s', (key, expected) => {
    expect(parseOptConfig(without(key))[key]).toEqual(expected);
  });
  test('the rest', () => {
    expect(parseOptConfig(without('eos_token_id')).eos_token_ids).toEqual([2]);
    expect(parseOptConfig(without('_remove_final_layer_norm')).final_layer_norm).toBe(true);
    expect(codeFor(without('activation_function'))).toBeUndefined();
    expect(codeFor(without('layer_norm_elementwise_affine'))).toBeUndefined();
  });
});

describe('malformed', () => {
  const sizes = ['vocab_size', 'hidden_size', 'ffn_dim', 'num_hidden_layers', 'num_attention_heads'];
  test.each(['model_type', ...sizes])('without %s', (key) => {
    expect(codeFor(without(key))).toBe('invalid_format');
    expect(codeFor({ ...opt, [key]: null })).toBe('invalid_format');
  });

  const hostile: readonly unknown[] = ['*/ } fn evil(){', -1, 0, 1.5, 1e12, '4', true, {}, [], [[1]], Number.MAX_VALUE];
  const cases = [...sizes, 'word_embed_proj_dim', 'max_position_embeddings'].flatMap((key) =>
    hostile.map((value) => [key, value] as const),
  );
  test.each(cases)('%s: %j', (key, value) => {
    expect(codeFor({ ...opt, [key]: value })).toBe('invalid_format');
  });
  test.each([
    ['a width that heads do not divide', { hidden_size: 34 }],
    ['a padding token beyond the vocabulary', { pad_token_id: 96 }],
    ['a negative token', { eos_token_id: -2 }],
    ['biases that aren’t a boolean', { enable_bias: 1 }],
    ['an order of norms that isn’t a boolean', { do_layer_norm_before: 'true' }],
    ['a last norm that isn’t a boolean', { _remove_final_layer_norm: 0 }],
    ['an activation that isn’t a string', { activation_function: 1 }],
    ['dtype as a number', { dtype: 16 }],
  ])('%s', (_, change) => {
    expect(codeFor({ ...opt, ...change })).toBe('invalid_format');
  });
});

describe('unsupported', () => {
  test.each([
    ['another model', { model_type: 'bart' }],
    ['another activation', { activation_function: 'tanh' }],
    ['norms without weights', { layer_norm_elementwise_affine: false }],
    ['quantised weights', { quantization_config: { quant_method: 'gptq' } }],
    ['float8', { dtype: 'float8_e4m3fn' }],
  ])('%s', (_, change) => {
    expect(codeFor({ ...opt, ...change })).toBe('unsupported_model');
  });
});

test('whatever a field holds, only the two codes are thrown', () => {
  fc.assert(
    fc.property(fc.constantFrom(...Object.keys(opt)), fc.jsonValue(), (key, value) => {
      expect([undefined, 'invalid_format', 'unsupported_model']).toContain(codeFor({ ...opt, [key]: value }));
    }),
    { numRuns: 1000 },
  );
});

test('positions are printed as in torch', () => {
  const { modules } = createArchitecture({ ...opt, model_type: 'opt' });
  const positions = modules.find(({ name }) => name === 'model.decoder.embed_positions');
  expect(positions?.repr).toBe('OPTLearnedPositionalEmbedding(42, 32)');
});
