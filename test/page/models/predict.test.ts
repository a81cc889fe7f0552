import { expect, test } from 'vitest';
import { predictRequest } from '../../../src/page/models/requests';
import { loaded } from '../session/open_session';

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

test('the worker sends all vectors in one array, and each input gets its own', async () => {
  const { model, session } = await loaded(() => ({ embed: async () => Float32Array.of(1, 2, 3, 4, 5, 6) }));
  const vectors = await model.embed(['a', 'b', [5]]);
  expect(vectors).toEqual([Float32Array.of(1, 2), Float32Array.of(3, 4), Float32Array.of(5, 6)]);
  expect(new Set(vectors.map(({ buffer }) => buffer)).size).toBe(3);
  await session.close();
});

test.each([
  ['likeliest classes first', undefined, {}, {}],
  ['labels above a threshold', 0.5, { told: true }, { told: false }],
])('the worker sends all scores in one array, and each input gets its list: %s', async (_, threshold, yes, no) => {
  const predictions = {
    labels: ['a', 'b', 'c'],
    order: Uint32Array.of(2, 0, 1, 1, 2, 0),
    scores: Float64Array.of(0.75, 0.5, 0.125, 0.625, 0.25, 0),
    threshold,
  };
  const { model, session } = await loaded(() => ({ predict: async () => predictions }));
  const first = [
    { label: 'c', score: 0.75, ...yes },
    { label: 'a', score: 0.5, ...no },
    { label: 'b', score: 0.125, ...no },
  ];
  const second = [
    { label: 'b', score: 0.625, ...yes },
    { label: 'c', score: 0.25, ...no },
    { label: 'a', score: 0, ...no },
  ];
  expect(await model.predict_batch(['one', 'two'])).toStrictEqual([first, second]);
  await session.close();
});
