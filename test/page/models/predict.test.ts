import { expect, test } from 'vitest';
import { predictRequest } from '../../../src/page/models/requests';

const file = new Blob(['a'], { type: 'image/png' });
const image = { width: 1, height: 1, data: Uint8ClampedArray.of(1, 2, 3, 4) };

test('texts and images may be passed alone', () => {
  expect(predictRequest(['a', file, image, { image }, { text: 'b' }], {}).inputs).toEqual([
    { text: 'a' },
    { image: file },
    { image },
    { image },
    { text: 'b' },
  ]);
});

test('an invalid image is refused by its number', () => {
  expect(() => predictRequest([file, { ...image, width: 2 }], {})).toThrow(
    expect.objectContaining({
      code: 'invalid_argument',
      message: expect.stringMatching(/^predict: inputs\[1\]: image: data: expected width·height·4 bytes/),
    }),
  );
});
