import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import type { JsonObject } from '../../../src/core/input/fields';
import { parseJsonObject } from '../../../src/formats/json';
import { parseQwen2Config } from '../../../src/models/decoders/qwen2';
import { codeThrownBy } from '../../helpers/bytes/safetensors_bytes';

const read = (file: string): JsonObject => parseJsonObject(readFileSync(`test/golden/base/${file}`), file);
const qwen2 = read('qwen2/config.json');

test.each(['qwen2', 'qwen2-f16-shards'])('%s reads the same from version 4 and 5 of transformers', (name) => {
  expect(parseQwen2Config(read(`${name}/config_v4.json`))).toEqual(parseQwen2Config(read(`${name}/config.json`)));
});

test('qwen2', () => {
  expect(parseQwen2Config(qwen2)).toEqual({
    model_type: 'qwen2',
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
    rope: { type: 'default', theta: 1000000 },
    tie_word_embeddings: qwen2.tie_word_embeddings,
    bos_token_id: 0,
    eos_token_ids: [1],
    pad_token_id: 2,
    dtype: 'float32',
  });
});

test("Hugging Face's defaults", () => {
  const { bos_token_id: _, eos_token_id: __, pad_token_id: ___, ...rest } = qwen2;
  expect(parseQwen2Config(rest)).toMatchObject({ bos_token_id: null, eos_token_ids: [], pad_token_id: null });
  const { max_position_embeddings: ____, ...shorter } = qwen2;
  expect(parseQwen2Config(shorter).max_position_embeddings).toBe(32768);
});

test('layers from max_window_layers on have a window, if use_sliding_window is true', () => {
  const { layer_types: _, ...untyped } = qwen2;
  const windowed = { ...untyped, use_sliding_window: true, sliding_window: 7 };
  expect(parseQwen2Config({ ...windowed, max_window_layers: 1 }).sliding).toEqual({ window: 7, layers: [false, true] });
  expect(parseQwen2Config({ ...windowed, max_window_layers: 0 }).sliding?.layers).toEqual([true, true]);
  expect(parseQwen2Config(windowed).sliding).toBeUndefined();
  const layer_types = ['sliding_attention', 'full_attention'];
  expect(parseQwen2Config({ ...windowed, layer_types }).sliding?.layers).toEqual([true, false]);
});

describe('is refused', () => {
  test.each([
    ['another type', { model_type: 'llama' }],
    ['another activation', { hidden_act: 'gelu_10' }],
    ['quantised weights', { quantization_config: {} }],
  ])('%s', (_, change) => {
    expect(codeThrownBy(() => parseQwen2Config({ ...qwen2, ...change }))).toBe('unsupported_model');
  });

  test.each([
    ['a window that is no boolean', { use_sliding_window: 'yes' }],
    ['a layer with a window that isn’t used', { layer_types: ['full_attention', 'sliding_attention'] }],
    ['layer types that are no list', { layer_types: 'sliding_attention' }],
    ['heads that don’t fit', { num_key_value_heads: 3 }],
  ])('%s', (_, change) => {
    expect(codeThrownBy(() => parseQwen2Config({ ...qwen2, ...change }))).toBe('invalid_format');
  });
});
