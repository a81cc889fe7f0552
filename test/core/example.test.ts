import { describe, expect, test } from 'vitest';
import { exampleFields } from '../../src/core/example';

describe('the fields of an example', () => {
  test.each<[string, unknown, object]>([
    ['null is not there', { text: 'a', prompt: null, completion: null, labels: null, label: null }, { text: 'a' }],
    ['a prompt alone is another column', { text: 'a', prompt: 'p' }, { text: 'a' }],
    ['so is a completion', { completion: 'c', text: 'a' }, { text: 'a' }],
    ['both go before a text', { text: 'a', prompt: 'p', completion: '' }, { prompt: 'p', completion: '' }],
    ['ids go before all', { input_ids: [1], labels: null, text: 'a' }, { input_ids: [1] }],
    [
      'ids of any array',
      { input_ids: Uint8Array.of(1, 2), labels: Int32Array.of(-100, 2) },
      { input_ids: [1, 2], labels: [-100, 2] },
    ],
    [
      'large integers are numbers',
      { input_ids: BigInt64Array.of(1n, 2n), labels: [1n, -100n] },
      { input_ids: [1, 2], labels: [1, -100] },
    ],
    [
      'pixels of any array',
      { pixel_values: { dims: [1, 1, 2], data: [1, 2], type: 'float32' }, label: 'cat' },
      { pixel_values: { dims: [1, 1, 2], data: Float32Array.of(1, 2) }, label: 'cat' },
    ],
  ])('%s', (_, given, fields) => {
    expect(exampleFields('train_dataset[0]', given)).toEqual(fields);
  });

  test.each<[string, unknown, string]>([
    ['a prompt that is no text', { prompt: 3, completion: 'c', text: 'a' }, 'line 2: prompt: expected a string, got 3'],
    ['a text that is none', { text: 7 }, 'line 2: text: expected a string, got 7'],
    [
      'labels that are no list',
      { input_ids: [1], labels: 'a' },
      "line 2: labels: expected an array of integers, got 'a'",
    ],
    [
      'an id that no number is equal to',
      { input_ids: [2n ** 60n + 1n] },
      'line 2: input_ids: expected an array of integers, got NaN',
    ],
    [
      'pixels that are none',
      { pixel_values: [1, 2], label: 0 },
      'line 2: pixel_values: expected { dims: [channels, height, width], data }, with a number for each, got an array of 2',
    ],
    [
      'pixels of another number',
      { pixel_values: { dims: [1, 2, 2], data: [1] }, label: 0 },
      "line 2: pixel_values: expected { dims: [channels, height, width], data }, with a number for each, got 'dims [1, 2, 2] with 1 numbers'",
    ],
  ])('refused: %s', (_, given, message) => {
    expect(() => exampleFields('line 2', given)).toThrow(
      expect.objectContaining({ code: 'invalid_argument', message }),
    );
  });
});
