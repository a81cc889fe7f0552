import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import type { JsonObject } from '../../../src/core/input/fields';
import { parseJsonObject } from '../../../src/formats/json';
import { parseMistralConfig } from '../../../src/models/decoders/mistral';
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
