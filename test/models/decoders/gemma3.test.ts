import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import type { JsonObject } from '../../../src/core/input/fields';
import type { PretrainedConfig } from '../../../src/core/types/model';
import { parseJsonObject } from '../../../src/formats/json';
import { parseGemma3Config } from '../../../src/models/decoders/gemma3';
import { createArchitecture } from '../../../src/tasks/task_registry';
import { codeThrownBy } from '../../helpers/bytes/safetensors_bytes';

const read = (file: string): JsonObject => parseJsonObject(readFileSync(`test/golden/base/${file}`), file);
const gemma3 = read('gemma3/config.json');
const gemma3OfVersion4 = read('gemma3/config_v4.json');

test('reads the same from version 4 and 5 of transformers', () => {
  expect(parseGemma3Config(gemma3OfVersion4)).toEqual(parseGemma3Config(gemma3));
});

test('layers with a window have a theta of their own', () => {
  expect(parseGemma3Config(gemma3)).toMatchObject({
    rope: { type: 'default', theta: 1e6 },
    sliding: { window: 4, layers: [true, false] },
    slidingRope: { type: 'default', theta: 1e4 },
    scale: 24 ** -0.5,
  });
});

test('old files scale only the positions of layers without a window', () => {
  const rope_scaling = { rope_type: 'linear', factor: 8 };
  expect(parseGemma3Config({ ...gemma3OfVersion4, rope_scaling })).toMatchObject({
    rope: { type: 'linear', theta: 1e6, factor: 8 },
    slidingRope: { type: 'default', theta: 1e4 },
  });
});

test('every sixth layer has no window, unless the file lists layer types', () => {
  const { layer_types: _, ...untyped } = gemma3;
  const full = (change: object): number[] => {
    const config = parseGemma3Config({ ...untyped, num_hidden_layers: 13, ...change });
    return config.sliding?.layers.flatMap((slides, layer) => (slides ? [] : [layer])) ?? [];
  };
  expect(full({})).toEqual([5, 11]);
  expect(full({ sliding_window_pattern: 4 })).toEqual([3, 7, 11]);
  // transformers writes this field in addition to layer_types, but never reads it.
  expect(full({ _sliding_window_pattern: 4 })).toEqual([5, 11]);
});

test('logits have the cap of the file', () => {
  expect(parseGemma3Config(gemma3).logitSoftcap).toBeUndefined();
  expect(parseGemma3Config({ ...gemma3, final_logit_softcapping: 30 }).logitSoftcap).toBe(30);
});

describe('EmbeddingGemma', () => {
  const embedding = read('gemma3-both-ways/config.json') as PretrainedConfig;

  test.each([
    [4, 3],
    [512, 257],
    [511, 256],
    [1, 1],
  ])('tokens attend to half of a window of %i on each side, and to themselves', (sliding_window, window) => {
    const { causal, sliding } = parseGemma3Config({ ...embedding, sliding_window });
    expect({ causal, window: sliding?.window }).toEqual({ causal: false, window });
  });

  test('a field that is false or null changes nothing', () => {
    for (const use_bidirectional_attention of [false, null]) {
      expect(parseGemma3Config({ ...gemma3, use_bidirectional_attention })).toEqual(parseGemma3Config(gemma3));
    }
  });

  test('refuses a field that is no boolean, and windows of impossible sizes', () => {
    for (const change of [{ use_bidirectional_attention: 1 }, { sliding_window: 0 }, { sliding_window: 2 ** 31 }]) {
      expect(codeThrownBy(() => parseGemma3Config({ ...embedding, ...change }))).toBe('invalid_format');
    }
  });

  test('classifies and makes vectors, but writes no text', () => {
    expect(createArchitecture(embedding, 'sequence_classification').head.className).toBe(
      'Gemma3TextForSequenceClassification',
    );
    expect(createArchitecture(embedding, 'feature_extraction').head.className).toBe('Gemma3TextModel');
    expect(() => createArchitecture(embedding, 'causal_lm')).toThrow(
      'AutoModelForCausalLM: expected a model for that, got model_type gemma3_text with use_bidirectional_attention',
    );
  });
});

describe('is refused', () => {
  test.each([
    ['another type', { model_type: 'gemma3' }],
    ['attention in both directions by another field', { is_causal: false }],
    [
      'part of the head rotated',
      { rope_parameters: { sliding_attention: { rope_type: 'linear', factor: 2, partial_rotary_factor: 0.5 } } },
    ],
    ['rotary embeddings of another kind', { rope_parameters: { full_attention: { rope_type: 'yarn' } } }],
  ])('%s', (_, change) => {
    expect(codeThrownBy(() => parseGemma3Config({ ...gemma3, ...change }))).toBe('unsupported_model');
  });
});
