import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import type { JsonObject } from '../../../src/core/input/fields';
import { parseJsonObject } from '../../../src/formats/json';
import { parseQwen3Config } from '../../../src/models/decoders/qwen3';
import { codeThrownBy } from '../../helpers/bytes/safetensors_bytes';

const read = (file: string): JsonObject => parseJsonObject(readFileSync(`test/golden/base/${file}`), file);
const qwen3 = read('qwen3/config.json');

test('reads the same from version 4 and 5 of transformers', () => {
  expect(parseQwen3Config(read('qwen3/config_v4.json'))).toEqual(parseQwen3Config(qwen3));
});

test('heads have a size of their own', () => {
  expect(parseQwen3Config(qwen3)).toMatchObject({ hidden_size: 32, num_attention_heads: 4, head_dim: 16 });
  const { head_dim: _, ...rest } = qwen3;
  expect(parseQwen3Config(rest).head_dim).toBe(128);
  expect(parseQwen3Config(qwen3).attention_bias).toBe(false);
  expect(parseQwen3Config({ ...qwen3, attention_bias: true }).attention_bias).toBe(true);
});

test.each([
  ['another type', { model_type: 'qwen2' }],
  ['rotary embeddings of another kind', { rope_parameters: { rope_type: 'ntk', factor: 2 } }],
])('%s is refused', (_, change) => {
  expect(codeThrownBy(() => parseQwen3Config({ ...qwen3, ...change }))).toBe('unsupported_model');
});
