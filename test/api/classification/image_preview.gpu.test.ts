import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import type { ImageExample, PreTrainedModel } from '../../../src/index';
import { drawn, loadVit } from '../../helpers/bytes/drawn_images';
import { loadTextClassifier } from '../../helpers/models/text_classifier';
import { openTestSession, type TestSession } from '../../helpers/session/session';

let opened: TestSession;
let model: PreTrainedModel;
beforeAll(async () => {
  opened = await openTestSession();
  model = await loadVit(opened);
});
afterAll(() => opened.session.close());

const image = drawn('squares', 3);

test('an image is shown as it is resized, with its numbers and its label', async () => {
  const preview = await model.preview({ image, label: 'squares' });
  expect(preview.label).toEqual({ id: 1, name: 'squares' });
  const { width, height, data } = preview.image;
  expect([width, height, data.length]).toEqual([28, 28, 4 * 28 * 28]);
  expect(data.filter((_, index) => index % 4 === 3)).toEqual(new Uint8ClampedArray(28 * 28).fill(255));
  // One square of the pattern is dark, and the next one is light.
  expect([data[4 * (2 * 28 + 1)], data[4 * (2 * 28 + 6)]]).toEqual([30, 220]);
  expect(preview.pixel_values.dims).toEqual([3, 28, 28]);
  const expected = Float32Array.from({ length: 3 * 28 * 28 }, (_, index) => {
    const byte = data[4 * (index % (28 * 28)) + Math.floor(index / (28 * 28))] as number;
    return (byte / 255 - 0.5) / 0.5;
  });
  for (const [index, value] of expected.entries()) expect(preview.pixel_values.data[index]).toBeCloseTo(value, 6);
});

test('the model gets the shown pixels', async () => {
  const { pixel_values } = await model.preview({ image });
  expect(await model.predict({ pixel_values })).toEqual(await model.predict(image));
});

test('a prepared image is shown unchanged', async () => {
  const before = await model.preview({ image, label: 1 });
  const data = Uint8Array.from(before.image.data.filter((_, index) => index % 4 !== 3));
  const prepared = { width: 28, height: 28, data };
  expect(await model.preview({ prepared, label: 1 })).toEqual(before);
  expect(await model.predict({ prepared })).toEqual(await model.predict(image));
});

test('pixel_values are shown as their image', async () => {
  const before = await model.preview({ image });
  const after = await model.preview({ pixel_values: before.pixel_values, label: 0 });
  expect(after.image).toEqual(before.image);
  expect(after.pixel_values).toEqual(before.pixel_values);
  expect([before.label, after.label]).toEqual([null, { id: 0, name: 'stripes' }]);
  const beyond = { dims: [3, 28, 28], data: new Float32Array(3 * 28 * 28).fill(9) };
  const { image: white } = await model.preview({ pixel_values: beyond });
  expect(new Set(white.data)).toEqual(new Set([255]));
});

test('a canvas can show it', async () => {
  class FakeImageData {
    readonly data: Uint8ClampedArray;
    constructor(
      readonly width: number,
      readonly height: number,
    ) {
      this.data = new Uint8ClampedArray(4 * width * height);
    }
  }
  const plain = await model.preview({ image });
  vi.stubGlobal('ImageData', FakeImageData);
  try {
    const preview = await model.preview({ image });
    expect(preview.image).toBeInstanceOf(FakeImageData);
    expect({ ...preview.image }).toEqual(plain.image);
  } finally {
    vi.unstubAllGlobals();
  }
});

describe('refused are', () => {
  test.each<[string, unknown, RegExp]>([
    [
      'a label that there isn’t',
      { image, label: 'dots' },
      /^preview: example: label: expected one of the model's labels/,
    ],
    ['a text', { text: 'a' }, /^preview: example: expected an image, got a text$/],
    ['a file that nothing decodes', { image: new Blob(['PNG']) }, /^preview: example: image: expected pixels/],
    ['pixels of another size', { pixel_values: { dims: [3, 2, 2], data: new Float32Array(12) } }, /expected dims/],
    [
      'pixels that are no numbers',
      { pixel_values: { dims: [3, 28, 28], data: new Float32Array(3 * 28 * 28).fill(Number.NaN) } },
      /expected finite numbers, got NaN/,
    ],
  ])('%s', async (_, example, message) => {
    await expect(model.preview(example as ImageExample)).rejects.toMatchObject({
      code: 'invalid_argument',
      message: expect.stringMatching(message),
    });
  });

  test('an image for a model of texts', async () => {
    const ofTexts = await loadTextClassifier(opened, 'bert');
    await expect(ofTexts.preview({ image })).rejects.toMatchObject({
      code: 'invalid_argument',
      message: expect.stringMatching(/^preview: example: expected a text/),
    });
  });
});
