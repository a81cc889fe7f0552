import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import type { JsonObject } from '../../../src/core/input/fields';
import { parseJsonObject } from '../../../src/formats/json';
import { parsePhi3Config } from '../../../src/models/decoders/phi3';
import { codeThrownBy } from '../../helpers/bytes/safetensors_bytes';

const read = (file: string): JsonObject => parseJsonObject(readFileSync(`test/golden/base/${file}`), file);
const phi3 = read('phi3/config.json');

test('reads the same from version 4 and 5 of transformers', () => {
  expect(parsePhi3Config(read('phi3/config_v4.json'))).toEqual(parsePhi3Config(phi3));
});

test('has a window only where the file says so', () => {
  expect(parsePhi3Config(phi3).sliding).toBeUndefined();
  const { sliding_window: _, ...untold } = phi3;
  expect(parsePhi3Config(untold).sliding).toBeUndefined();
  expect(parsePhi3Config({ ...phi3, sliding_window: 9 }).sliding).toEqual({ window: 9, layers: [true, true] });
});

test("Hugging Face's defaults", () => {
  const { vocab_size, hidden_size, intermediate_size, num_hidden_layers, num_attention_heads } = phi3;
  const sizes = { vocab_size, hidden_size, intermediate_size, num_hidden_layers, num_attention_heads };
  expect(parsePhi3Config({ model_type: 'phi3', ...sizes })).toMatchObject({
    num_key_value_heads: num_attention_heads,
    max_position_embeddings: 4096,
    rms_norm_eps: 1e-5,
    rope: { type: 'default', theta: 10000 },
    tie_word_embeddings: false,
    bos_token_id: 1,
  });
});

test.each([
  ['another type', { model_type: 'llama' }],
  ['positions of other families', { rope_parameters: { rope_type: 'linear', factor: 2 } }],
  ['a window in some layers', { sliding_window: 9, layer_types: ['full_attention', 'sliding_attention'] }],
])('%s is refused', (_, change) => {
  expect(codeThrownBy(() => parsePhi3Config({ ...phi3, ...change }))).toBe('unsupported_model');
});

test.each([0, -0.5, 1.5, 0.1, 0.4, '0.75', []])('a share of heads of %j is refused', (partial_rotary_factor) => {
  expect(codeThrownBy(() => parsePhi3Config({ ...phi3, partial_rotary_factor, rope_parameters: {} }))).toBe(
    'invalid_format',
  );
});

test('old files call longrope by other names', () => {
  const factors = { short_factor: [1, 1, 1, 1], long_factor: [1, 2, 3, 4] };
  const ropeOf = (type: string) => parsePhi3Config({ ...phi3, rope_scaling: { type, ...factors } }).rope;
  expect(ropeOf('longrope')).toMatchObject({ type: 'longrope', ...factors });
  expect(ropeOf('su')).toEqual(ropeOf('longrope'));
  expect(ropeOf('yarn')).toEqual(ropeOf('longrope'));
});
