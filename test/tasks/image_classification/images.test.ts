import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { ImageProcessor } from '../../../src/images/image_processor';
import { pixelValues, prepareImage } from '../../../src/images/preprocess';
import { parsePreprocessorConfig } from '../../../src/images/preprocessor_config';
import { resolveTrainingArguments } from '../../../src/page/training/training_arguments';
import { exportedImage } from '../../../src/tasks/image_classification/exported_image';
import { ImageClassification } from '../../../src/tasks/image_classification/image_classification';
import type { ImageRow } from '../../../src/tasks/image_classification/image_row';
import { createArchitecture } from '../../../src/tasks/task_registry';
import { goldenImage } from '../../images/golden_images';

const config = JSON.parse(readFileSync('test/golden/base/vit/config.json', 'utf8'));
const model = createArchitecture({ ...config, id2label: { 0: 'cat', 1: 'dog' } }, 'image_classification');
const args = resolveTrainingArguments({ per_device_train_batch_size: 2 });
const { signal } = new AbortController();
const image = goldenImage('noise');
const file = new Blob(['a'], { type: 'image/png' });

const taskOf = (json: object = {}, decode?: () => Promise<typeof image>) =>
  new ImageClassification(model, new ImageProcessor(parsePreprocessorConfig({ size: 16, ...json }), { decode }));
const task = taskOf({}, async () => image);

async function rowsOf(examples: readonly unknown[], of = task): Promise<readonly ImageRow[]> {
  const options = { args, purpose: 'evaluation', signal } as const;
  return (await of.collect({ kind: 'examples', examples }, options)).rows;
}

test('an image of any form is held as its resized bytes', async () => {
  const [pixels, decoded] = await rowsOf([
    { image, label: 'dog' },
    { image: file, label: 0 },
  ]);
  const parsed = parsePreprocessorConfig({ size: 16 });
  expect(pixels).toEqual({ pixels: prepareImage(image, parsed).data, targets: [1], weight: 1 });
  expect(decoded).toEqual({ ...pixels, targets: [0] });
});

test('a batch has the numbers that pixel_values would have', async () => {
  const parsed = parsePreprocessorConfig({ size: 16 });
  const data = pixelValues(prepareImage(image, parsed), parsed);
  const [bytes, numbers] = await rowsOf([
    { image, label: 0 },
    { pixel_values: { dims: [3, 16, 16], data }, label: 0 },
  ]);
  const batch = (row: ImageRow | undefined) => task.batch(row === undefined ? [] : [row]).pixel_values;
  expect(batch(bytes)).toEqual(batch(numbers));
});

test('is exported as its bytes, many of them too', async () => {
  const [row] = await rowsOf([{ image, label: 0 }]);
  const { pixels, ...told } = task.exported(row as ImageRow) as { readonly pixels: string };
  expect(Uint8Array.from(Buffer.from(pixels, 'base64'))).toEqual(row?.pixels);
  expect(told).toEqual({ labels: 0 });
  const many = Uint8Array.from({ length: 3 * 100 * 100 }, (_, index) => index % 251);
  const sizes = { channels: 3, size: 100, patch: 4, patches: 625 };
  const labels = { names: ['a', 'b', 'c'], problem: 'single_label_classification' } as const;
  const exported = exportedImage({ pixels: many, targets: [2], weight: 0.5 }, { image: sizes, labels });
  expect(exported).toEqual({ pixels: Buffer.from(many).toString('base64'), labels: 2, weight: 0.5 });
});

test("a run's identity depends on bytes, and on the numbers that they become", async () => {
  const columns = async (json: object, given = image) => {
    const of = taskOf(json);
    const [row] = await rowsOf([{ image: given, label: 1 }], of);
    return row && of.columns(row).map((column) => [...column]);
  };
  const other = { ...image, data: image.data.map((byte) => 255 - byte) };
  expect(await columns({})).toEqual(await columns({}));
  expect(await columns({})).not.toEqual(await columns({}, other));
  expect(await columns({})).not.toEqual(await columns({ image_mean: 0 }));
});

describe('refused, by the example’s number', () => {
  const good = { image, label: 0 };
  const refusal = (given: unknown, of = task) => rowsOf([good, given], of);

  test('a file that holds no image', async () => {
    const broken = taskOf({}, async () => Promise.reject(new Error('unused')));
    await expect(refusal({ image: file, label: 0 }, broken)).rejects.toThrow('unused');
    await expect(refusal({ image: file, label: 0 }, taskOf())).rejects.toMatchObject({
      code: 'invalid_argument',
      message: 'example 1: image: expected pixels, because nothing decodes image files here, got a Blob',
    });
  });

  test('too many pixels, and too long an edge', async () => {
    const wide = { width: 2 ** 15 + 1, height: 1, data: new Uint8ClampedArray(2 ** 17 + 4) };
    await expect(refusal({ image: wide, label: 0 })).rejects.toMatchObject({
      code: 'limit_exceeded',
      message: expect.stringMatching(/^example 1: image: expected an image of at most 67108864 pixels/),
    });
  });

  test('an image that the preprocessor gives another size', async () => {
    const wide = { width: 20, height: 10, data: new Uint8ClampedArray(800) };
    await expect(rowsOf([{ image: wide, label: 0 }], taskOf({ size: { shortest_edge: 16 } }))).rejects.toMatchObject({
      code: 'invalid_argument',
      message: expect.stringMatching(
        /^example 0: image: as the image processor makes it: expected dims \(3, 16, 16\), as the model's files say, got \(3, 16, 32\)$/,
      ),
    });
  });

  test('a label that is none, before anything is decoded', async () => {
    const broken = taskOf({}, async () => Promise.reject(new Error('decoded')));
    await expect(rowsOf([{ image: file, label: 'cow' }], broken)).rejects.toMatchObject({
      message: expect.stringMatching(/^example 0: label: expected one of the model's labels/),
    });
  });

  test('an image for a model that has no preprocessor', async () => {
    await expect(refusal(good, new ImageClassification(model))).rejects.toMatchObject({
      code: 'invalid_argument',
      message: 'example 0: image: expected pixel_values, because images are prepared in three channels only',
    });
  });
});

test('decoding ends with the run', async () => {
  const ending = new AbortController();
  const stuck = taskOf(
    {},
    () =>
      new Promise((_, reject) => {
        ending.signal.addEventListener('abort', () => reject(ending.signal.reason));
        ending.abort(new Error('over'));
      }),
  );
  const source = { kind: 'examples', examples: [{ image: file, label: 0 }] } as const;
  const collecting = stuck.collect(source, { args, purpose: 'training', signal: ending.signal });
  await expect(collecting).rejects.toThrow('over');
});
