import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import type { JsonObject } from '../../../src/core/input/fields';
import { parseJsonObject } from '../../../src/formats/json';
import { parseFalconConfig } from '../../../src/models/decoders/falcon_config';
import { codeThrownBy } from '../../helpers/bytes/safetensors_bytes';

const read = (file: string): JsonObject => parseJsonObject(readFileSync(`test/golden/base/${file}`), file);
const falcon = read('falcon/config.json');
const ofNewLayout = read('falcon-new/config.json');
const withBiases = read('falcon-alibi/config.json');

test.each(['falcon', 'falcon-new', 'falcon-alibi'])(
  '%s reads the same from version 4 and 5 of transformers',
  (name) => {
    expect(parseFalconConfig(read(`${name}/config_v4.json`))).toEqual(parseFalconConfig(read(`${name}/config.json`)));
  },
);

test('heads of keys, positions and blocks of the layouts', () => {
  const rope = { type: 'default', theta: 10000 };
  expect(parseFalconConfig(falcon)).toMatchObject({ kvHeads: 1, rope, block: 'shared', bias: false });
  expect(parseFalconConfig(ofNewLayout)).toMatchObject({ kvHeads: 2, rope, block: 'parallel' });
  expect(parseFalconConfig({ ...ofNewLayout, num_ln_in_parallel_attn: 1 }).block).toBe('shared');
  expect(parseFalconConfig({ ...ofNewLayout, num_kv_heads: null }).kvHeads).toBe(4);
  expect(parseFalconConfig(withBiases)).toMatchObject({
    kvHeads: 12,
    rope: undefined,
    block: 'sequential',
    bias: true,
  });
});

test("Hugging Face's defaults", () => {
  const { vocab_size, hidden_size, num_hidden_layers, num_attention_heads } = falcon;
  const sizes = { model_type: 'falcon', vocab_size, hidden_size, num_hidden_layers, num_attention_heads };
  expect(parseFalconConfig(sizes)).toMatchObject({
    ffn_hidden_size: 128,
    kvHeads: 1,
    max_position_embeddings: 2048,
    layer_norm_epsilon: 1e-5,
    block: 'shared',
    tie_word_embeddings: true,
    bos_token_id: 11,
    eos_token_ids: [11],
  });
});

test('a padding token outside the vocabulary is none, as the embedding has no padding', () => {
  expect(parseFalconConfig({ ...falcon, pad_token_id: 2 }).pad_token_id).toBe(2);
  expect(parseFalconConfig({ ...falcon, pad_token_id: 65024 }).pad_token_id).toBeNull();
  expect(codeThrownBy(() => parseFalconConfig({ ...falcon, pad_token_id: '2' }))).toBe('invalid_format');
});

test('null is false, as in transformers, where a missing field is true', () => {
  expect(parseFalconConfig({ ...falcon, parallel_attn: null }).block).toBe('sequential');
  expect(parseFalconConfig({ ...falcon, multi_query: null }).kvHeads).toBe(falcon.num_attention_heads);
});

describe('is refused', () => {
  test.each([
    ['another type', falcon, { model_type: 'RefinedWeb' }, 'unsupported_model'],
    ['another activation', falcon, { activation: 'mish' }, 'unsupported_model'],
    ['two norms in the old layout', falcon, { num_ln_in_parallel_attn: 2 }, 'unsupported_model'],
    ['another kind of rotary embeddings', falcon, { rope_scaling: { type: 'ntk', factor: 2 } }, 'unsupported_model'],
    ['attention in both directions', falcon, { is_causal: false }, 'unsupported_model'],
    ['three norms', ofNewLayout, { num_ln_in_parallel_attn: 3 }, 'unsupported_model'],
    ['the new layout with the MLP after attention', ofNewLayout, { parallel_attn: false }, 'unsupported_model'],
    ['norms counted in words', ofNewLayout, { num_ln_in_parallel_attn: '2' }, 'invalid_format'],
    ['heads that don’t fit', ofNewLayout, { num_kv_heads: 3 }, 'invalid_format'],
    ['a width that heads don’t divide', falcon, { num_attention_heads: 5 }, 'invalid_format'],
    ['rotary heads of an odd size', falcon, { hidden_size: 36 }, 'invalid_format'],
  ])('%s', (_, config, change, code) => {
    expect(codeThrownBy(() => parseFalconConfig({ ...config, ...change }))).toBe(code);
  });
});
