import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import type { JsonObject } from '../../../src/core/input/fields';
import { parseJsonObject } from '../../../src/formats/json';
import { parseGemmaConfig } from '../../../src/models/decoders/gemma';
import { parseGemma2Config } from '../../../src/models/decoders/gemma2';
import { parseGemma3Config } from '../../../src/models/decoders/gemma3';
import { parseLlamaConfig } from '../../../src/models/decoders/llama';
import { parseMistralConfig } from '../../../src/models/decoders/mistral';
import { parseOlmo2Config } from '../../../src/models/decoders/olmo2';
import { parsePhi3Config } from '../../../src/models/decoders/phi3';
import { parseQwen2Config } from '../../../src/models/decoders/qwen2';
import { parseQwen3Config } from '../../../src/models/decoders/qwen3';
import { codeThrownBy } from '../../helpers/bytes/safetensors_bytes';

const read = (file: string): JsonObject => parseJsonObject(readFileSync(`test/golden/base/${file}`), file);
const mistral = read('mistral/config.json');

test('reads the same from version 4 and 5 of transformers', () => {
  expect(parseMistralConfig(read('mistral/config_v4.json'))).toEqual(parseMistralConfig(mistral));
});

test('every layer has the window of the file', () => {
  expect(parseMistralConfig(mistral).sliding).toEqual({ window: 4, layers: [true, true] });
  expect(parseMistralConfig({ ...mistral, sliding_window: null }).sliding).toBeUndefined();
  const { sliding_window: _, ...untold } = mistral;
  expect(parseMistralConfig(untold).sliding).toEqual({ window: 4096, layers: [true, true] });
});

describe('heads of keys', () => {
  const configOf = (model_type: string, change: JsonObject): JsonObject => ({
    ...{ model_type, vocab_size: 96, hidden_size: 64, intermediate_size: 56, num_hidden_layers: 2, head_dim: 8 },
    ...change,
  });

  test.each([
    ['llama', parseLlamaConfig, 64],
    ['olmo2', parseOlmo2Config, 64],
    ['phi3', parsePhi3Config, 64],
    ['mistral', parseMistralConfig, 8],
    ['qwen2', parseQwen2Config, 32],
    ['qwen3', parseQwen3Config, 32],
    ['gemma', parseGemmaConfig, 16],
    ['gemma2', parseGemma2Config, 4],
    ['gemma3_text', parseGemma3Config, 4],
  ])('of a %s without the key are as many as transformers has', (type, parse, heads) => {
    const num_attention_heads = 64;
    expect(parse(configOf(type, { num_attention_heads })).num_key_value_heads).toBe(heads);
    const told = configOf(type, { num_attention_heads, num_key_value_heads: null });
    expect(parse(told).num_key_value_heads).toBe(64);
  });

  test('that the default doesn’t fit are refused', () => {
    const config = configOf('mistral', { num_attention_heads: 12 });
    expect(() => parseMistralConfig(config)).toThrow('num_key_value_heads: expected a divisor of');
    expect(() => parseMistralConfig({ ...config, num_attention_heads: 4 })).toThrow('from 1 to 4, got nothing');
  });
});

test('layer_types may repeat what sliding_window means', () => {
  const sliding = { layer_types: ['sliding_attention', 'sliding_attention'] };
  expect(parseMistralConfig({ ...mistral, ...sliding })).toEqual(parseMistralConfig(mistral));
  const full = { sliding_window: null, layer_types: ['full_attention', 'full_attention'] };
  expect(parseMistralConfig({ ...mistral, ...full }).sliding).toBeUndefined();
});

describe('is refused', () => {
  test.each([
    ['another type', { model_type: 'llama' }, 'unsupported_model'],
    ['another kind of layer', { layer_types: ['full_attention', 'chunked_attention'] }, 'unsupported_model'],
    ['a window in some layers', { layer_types: ['full_attention', 'sliding_attention'] }, 'unsupported_model'],
    ['a list of another length', { layer_types: ['full_attention'] }, 'invalid_format'],
    ['a window of nothing', { sliding_window: 0 }, 'invalid_format'],
    [
      'layers with a window that has no size',
      { sliding_window: null, layer_types: ['sliding_attention', 'full_attention'] },
      'unsupported_model',
    ],
  ])('%s', (_, change, code) => {
    expect(codeThrownBy(() => parseMistralConfig({ ...mistral, ...change }))).toBe(code);
  });
});
