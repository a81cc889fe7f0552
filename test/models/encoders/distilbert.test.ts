import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { parseJsonObject } from '../../../src/formats/json';
import { createDistilbert } from '../../../src/models/encoders/distilbert';
import { codeThrownBy } from '../../helpers/bytes/safetensors_bytes';

const file = parseJsonObject(readFileSync('test/golden/base/distilbert/config.json'), 'config.json');
const distilbert = { ...file, model_type: 'distilbert' };

test('the common names of sizes take precedence over the own ones, as in transformers', () => {
  const { hiddenSize, modules } = createDistilbert({ ...distilbert, hidden_size: 24, num_hidden_layers: 3 });
  expect(hiddenSize).toBe(24);
  expect(modules.filter(({ type }) => type === 'TransformerBlock')).toHaveLength(3);
  expect(codeThrownBy(() => createDistilbert({ ...distilbert, num_attention_heads: 5 }))).toBe('invalid_format');
});
