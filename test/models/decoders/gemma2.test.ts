import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import type { JsonObject } from '../../../src/core/input/fields';
import { parseJsonObject } from '../../../src/formats/json';
import { parseGemma2Config } from '../../../src/models/decoders/gemma2';
import { codeThrownBy } from '../../helpers/bytes/safetensors_bytes';

const file = 'gemma2/config.json';
const gemma2: JsonObject = parseJsonObject(readFileSync(`test/golden/base/${file}`), file);

test('reads the same from version 4 and 5 of transformers', () => {
  const { rope_parameters: _, ...others } = gemma2;
  expect(parseGemma2Config({ ...others, rope_theta: 10000, rope_scaling: null })).toEqual(parseGemma2Config(gemma2));
});

test('windows, scale and caps', () => {
  expect(parseGemma2Config(gemma2)).toMatchObject({
    sliding: { window: 4, layers: [false, true] },
    scale: 24 ** -0.5,
    scoreSoftcap: 1.5,
    logitSoftcap: 4,
    attention_bias: false,
  });
});

test("Hugging Face's defaults", () => {
  const {
    layer_types: _,
    sliding_window: __,
    attn_logit_softcapping: ___,
    final_logit_softcapping: ____,
    ...rest
  } = gemma2;
  expect(parseGemma2Config({ ...rest, num_hidden_layers: 3 })).toMatchObject({
    sliding: { window: 4096, layers: [true, false, true] },
    scoreSoftcap: 50,
    logitSoftcap: 30,
  });
  const uncapped = parseGemma2Config({ ...rest, attn_logit_softcapping: null, final_logit_softcapping: null });
  expect(uncapped.scoreSoftcap).toBeUndefined();
  expect(uncapped.logitSoftcap).toBeUndefined();
});

test('hidden_activation names the activation', () => {
  expect(parseGemma2Config({ ...gemma2, hidden_act: 'gelu' })).toEqual(parseGemma2Config(gemma2));
});

describe('is refused', () => {
  test.each([
    ['another type', { model_type: 'gemma' }, 'unsupported_model'],
    ['attention in both directions', { use_bidirectional_attention: true }, 'unsupported_model'],
    ['another activation', { hidden_activation: 'mish' }, 'unsupported_model'],
    ['a cap of nothing', { attn_logit_softcapping: 0 }, 'invalid_format'],
  ])('%s', (_, change, code) => {
    expect(codeThrownBy(() => parseGemma2Config({ ...gemma2, ...change }))).toBe(code);
  });
});
