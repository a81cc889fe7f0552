import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import type { JsonObject } from '../../../src/core/input/fields';
import { parseJsonObject } from '../../../src/formats/json';
import { parseGemmaConfig } from '../../../src/models/decoders/gemma';
import { codeThrownBy } from '../../helpers/bytes/safetensors_bytes';

const read = (file: string): JsonObject => parseJsonObject(readFileSync(`test/golden/base/${file}`), file);
const gemma = read('gemma/config.json');

test('reads the same from version 4 and 5 of transformers', () => {
  expect(parseGemmaConfig(read('gemma/config_v4.json'))).toEqual(parseGemmaConfig(gemma));
});

test("Hugging Face's defaults", () => {
  const { vocab_size, hidden_size, intermediate_size, num_hidden_layers, num_attention_heads, num_key_value_heads } =
    gemma;
  const sizes = {
    vocab_size,
    hidden_size,
    intermediate_size,
    num_hidden_layers,
    num_attention_heads,
    num_key_value_heads,
  };
  expect(parseGemmaConfig({ model_type: 'gemma', ...sizes })).toMatchObject({
    head_dim: 256,
    max_position_embeddings: 8192,
    tie_word_embeddings: true,
    pad_token_id: 0,
    eos_token_ids: [1],
    bos_token_id: 2,
    rms_norm_eps: 1e-6,
    rope: { type: 'default', theta: 10000 },
    attention_bias: false,
  });
});

test('the first files call the approximate GELU by the name of the exact one', () => {
  for (const hidden_activation of [null, 'gelu_pytorch_tanh']) {
    expect(parseGemmaConfig({ ...gemma, hidden_act: 'gelu', hidden_activation })).toEqual(parseGemmaConfig(gemma));
  }
});

test('reads hidden_act, as transformers 5 does, if the older field doesn’t contradict it', () => {
  const { hidden_activation: _, ...untold } = gemma;
  expect(parseGemmaConfig({ ...untold, hidden_act: 'silu' }).hidden_act).toBe('silu');
  expect(parseGemmaConfig({ ...untold, hidden_act: 'gelu' }).hidden_act).toBe('gelu_pytorch_tanh');
});

describe('is refused', () => {
  test.each([
    ['another type', { model_type: 'gemma2' }],
    ['the exact GELU by the older field', { hidden_activation: 'gelu' }],
    ['two activations', { hidden_act: 'silu' }],
    ['attention in both directions', { use_bidirectional_attention: true }],
  ])('%s', (_, change) => {
    expect(codeThrownBy(() => parseGemmaConfig({ ...gemma, ...change }))).toBe('unsupported_model');
  });
});
