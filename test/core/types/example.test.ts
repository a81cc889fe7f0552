import { describe, expect, test } from 'vitest';
import { exampleFields } from '../../../src/core/types/example';

const file = new Blob(['a'], { type: 'image/png' });
const pixels = { width: 1, height: 1, data: Uint8ClampedArray.of(1, 2, 3, 4) };

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
    ['a label that is a large integer', { text: 'a', label: 2n }, { text: 'a', label: 2 }],
    [
      'so are the label and the weight of ids',
      { input_ids: [1n], labels: 1n, weight: 2n },
      { input_ids: [1], labels: 1, weight: 2 },
    ],
    [
      'pixels of any array',
      { pixel_values: { dims: [1, 1, 2], data: [1, 2], type: 'float32' }, label: 'cat' },
      { pixel_values: { dims: [1, 1, 2], data: Float32Array.of(1, 2) }, label: 'cat' },
    ],
    ['an image in a file', { image: file, label: 0, text: 'a caption' }, { image: file, label: 0 }],
    [
      'an image that was prepared',
      { prepared: { width: 1, height: 1, data: Uint8Array.of(1, 2, 3) }, label: 'cat' },
      { prepared: { width: 1, height: 1, data: Uint8Array.of(1, 2, 3) }, label: 'cat' },
    ],
    ['the weight of a text', { text: 'a', weight: 0.5 }, { text: 'a', weight: 0.5 }],
    ['a weight of nothing', { prompt: 'p', completion: 'c', weight: 0 }, { prompt: 'p', completion: 'c', weight: 0 }],
    ['the weight of ids', { input_ids: [1, 2], weight: 3 }, { input_ids: [1, 2], weight: 3 }],
    ['a weight that is null is not there', { text: 'a', weight: null }, { text: 'a' }],
    ['a weight of one beside an image', { image: file, label: 0, weight: 1 }, { image: file, label: 0 }],
    [
      'the weight of a conversation',
      { messages: [{ role: 'user', content: 'a' }], weight: 2 },
      { messages: [{ role: 'user', content: 'a' }], weight: 2 },
    ],
    ['several labels of a text', { text: 'a', labels: ['b', 'c'] }, { text: 'a', labels: ['b', 'c'] }],
    ['several numbers of an image', { image: file, labels: [0.5, 2n] }, { image: file, labels: [0.5, 2] }],
    ['several numbers of ids', { input_ids: [1, 2], labels: [0.5] }, { input_ids: [1, 2], labels: [0.5] }],
    ['labels of a text that are other things', { text: 'a', labels: [{ start: 0 }] }, { text: 'a' }],
    [
      'words with labels beside their text',
      { text: 'Ada sings', tokens: ['Ada', 'sings'], labels: ['B-PER', 'O'] },
      { text: 'Ada sings', tokens: ['Ada', 'sings'], labels: ['B-PER', 'O'] },
    ],
    [
      'words of another number than labels are another column',
      { text: 'Ada sings', tokens: ['Ada', 'sings'], labels: ['a', 'b', 'c'] },
      { text: 'Ada sings', labels: ['a', 'b', 'c'] },
    ],
    [
      'so are words of a text with a label',
      { text: 'Ada sings', tokens: ['Ada', 'sings'], labels: [0, 1], label: 'a' },
      { text: 'Ada sings', labels: [0, 1], label: 'a' },
    ],
    [
      'so are tokens that are no words',
      { text: 'Ada sings', tokens: [7, 8], labels: [0, 1] },
      { text: 'Ada sings', labels: [0, 1] },
    ],
    ['an image without a label, and more about it', { image: { ...pixels, colorSpace: 'srgb' } }, { image: pixels }],
    [
      'of a part of an array only that part',
      { image: { ...pixels, data: Uint8Array.of(9, 1, 2, 3, 4, 9).subarray(1, 5) }, label: 'cat' },
      { image: { ...pixels, data: Uint8Array.of(1, 2, 3, 4) }, label: 'cat' },
    ],
  ])('%s', (_, given, fields) => {
    expect(exampleFields('train_dataset[0]', given)).toEqual(fields);
  });

  test.each<[string, unknown, string]>([
    ['a weight below 0', { text: 'a', weight: -1 }, 'line 2: weight: expected a finite number from 0, got -1'],
    [
      'a weight without end',
      { text: 'a', weight: Infinity },
      'line 2: weight: expected a finite number from 0, got Infinity',
    ],
    [
      'a weight beyond float32',
      { text: 'a', weight: 1e39 },
      'line 2: weight: expected a number from 0 to 3.4e38, got 1e+39',
    ],
    [
      'a weight that is no number',
      { text: 'a', weight: '2' },
      "line 2: weight: expected a finite number from 0, got '2'",
    ],
    [
      'the weight of an image',
      { image: file, weight: 2 },
      'line 2: weight: expected none beside an image or words, got 2',
    ],
    [
      'the weight of an image beside a text that is not read',
      { image: file, text: 'a', weight: 2 },
      'line 2: weight: expected none beside an image or words, got 2',
    ],
    ['a prompt that is no text', { prompt: 3, completion: 'c', text: 'a' }, 'line 2: prompt: expected a string, got 3'],
    ['a text that is none', { text: 7 }, 'line 2: text: expected a string, got 7'],
    [
      'labels that are no list',
      { input_ids: [1], labels: 'a' },
      "line 2: labels: expected an array of numbers, or of names of labels, got 'a'",
    ],
    [
      'a label that no number is equal to',
      { text: 'a', label: 2n ** 60n + 1n },
      "line 2: label: expected a number, or one of the model's labels, got NaN",
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
    [
      'the address of an image',
      { image: 'a.png', label: 0 },
      "line 2: image: expected a Blob, pixels as ImageData, or a canvas, <img>, ImageBitmap or VideoFrame, got 'a.png'",
    ],
    [
      'a prepared image with alpha',
      { prepared: pixels, label: 0 },
      "line 2: prepared: data: expected width·height·3 bytes, got '4 bytes for 1×1'",
    ],
    ['a prepared image in a file', { prepared: file, label: 0 }, 'line 2: prepared: expected an image, got a Blob'],
    [
      'an image of fewer bytes',
      { image: { ...pixels, width: 2 }, label: 0 },
      "line 2: image: data: expected width·height·4 bytes as ImageData has them, got '4 bytes for 2×1'",
    ],
    [
      'an image of a size that is none',
      { image: { ...pixels, width: 0.5, height: 2 }, label: 0 },
      "line 2: image: data: expected width·height·4 bytes as ImageData has them, got '4 bytes for 0.5×2'",
    ],
    [
      'an image of other numbers',
      { image: { ...pixels, data: Float32Array.of(0, 0, 0, 1) }, label: 0 },
      'line 2: image: data: expected width·height·4 bytes as ImageData has them, got a Float32Array',
    ],
    [
      'a label of an image that is none',
      { image: file, label: [] },
      "line 2: label: expected a number, or one of the model's labels, got an array of 0",
    ],
  ])('refused: %s', (_, given, message) => {
    expect(() => exampleFields('line 2', given)).toThrow(
      expect.objectContaining({ code: 'invalid_argument', message }),
    );
  });
});

test('a weight below 0 gets the hint of what makes texts less likely', () => {
  expect(() => exampleFields('line 2', { text: 'a', weight: -1 })).toThrow(
    expect.objectContaining({ hint: expect.stringContaining('KTOTrainer, or profile.rate(text, -1)') }),
  );
});

test.each([
  ['a file', file],
  ['pixels', pixels],
])('an image alone gets the hint: %s', (_, image) => {
  expect(() => exampleFields('train_dataset[0]', image)).toThrow(
    expect.objectContaining({ hint: 'Images are passed as [{ image, label }].' }),
  );
});
