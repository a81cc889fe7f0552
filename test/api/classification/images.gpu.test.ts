import { afterAll, describe, expect, test } from 'vitest';
import {
  type Example,
  get_peft_model,
  type ImagePreview,
  type TrainEvent,
  Trainer,
  VeraConfig,
} from '../../../src/index';
import { drawn, loadVit, vit } from '../../helpers/bytes/drawn_images';
import { toArray } from '../../helpers/bytes/to_array';
import { openTestSession } from '../../helpers/session/session';

const opened = await openTestSession();
afterAll(() => opened.session.close());

const examples = (firsts: readonly number[]): Example[] =>
  firsts.flatMap((first) => [
    { image: drawn('stripes', first), label: 'stripes' },
    { image: drawn('squares', first), label: 1 },
  ]);

describe('images of any size', async () => {
  const base = await loadVit(opened);
  const model = await get_peft_model(
    base,
    new VeraConfig({ r: 8, target_modules: ['q_proj', 'v_proj'], modules_to_save: ['classifier'] }),
  );

  test('train, are evaluated, and get predicted labels', async () => {
    const trainer = new Trainer({
      model,
      args: {
        per_device_train_batch_size: 6,
        max_steps: 8,
        learning_rate: 3e-2,
        headLearningRate: 1e-2,
        lr_scheduler_type: 'constant',
        eval_strategy: 'steps',
        eval_steps: 8,
      },
      train_dataset: examples([0, 3, 6]),
      eval_dataset: examples([1]),
    });
    const events = await toArray(trainer.train());
    const losses = events.flatMap((event) => (event.type === 'log' ? [event.logs.loss] : []));
    expect(losses.at(-1)).toBeLessThan(losses[0]! / 2);
    const evaluation = events.find((event): event is TrainEvent & { type: 'evaluate' } => event.type === 'evaluate');
    expect(evaluation?.metrics).toMatchObject({ accuracy: 1, eval_rows: 2 });
    const [stripes, squares] = [drawn('stripes', 5), drawn('squares', 5)];
    const told = await model.predict_batch([stripes, { image: squares }, squares]);
    expect(told.map(([likeliest]) => likeliest?.label)).toEqual(['stripes', 'squares', 'squares']);
    expect(await model.predict(stripes)).toEqual(told[0]);
  });

  test('a hostile one refuses all, and nothing is trained', async () => {
    const before = await model.predict(drawn('stripes', 0));
    const bad: readonly [unknown, object][] = [
      [
        { image: { ...drawn('stripes', 0), width: 41 }, label: 0 },
        { code: 'invalid_argument', message: /^train_dataset\[4\]: image: data: expected width·height·4 bytes/ },
      ],
      [
        { image: new Blob(['PNG'], { type: 'image/png' }), label: 0 },
        { code: 'invalid_argument', message: /^example 4: image: expected pixels, because nothing decodes/ },
      ],
      [
        { image: { width: 2 ** 16, height: 1, data: new Uint8ClampedArray(2 ** 18) }, label: 0 },
        { code: 'limit_exceeded', message: /^example 4: image: expected an image of at most/ },
      ],
    ];
    for (const [one, error] of bad) {
      const train_dataset = [...examples([0, 3]), one as Example];
      const args = { max_steps: 1, save_strategy: 'no' } as const;
      await expect(new Trainer({ model, args, train_dataset }).train()).rejects.toMatchObject(error);
    }
    await expect(model.predict(new Blob(['PNG']))).rejects.toMatchObject({
      code: 'invalid_argument',
      message: /^predict: inputs\[0\]: image: expected pixels/,
    });
    expect(await model.predict(drawn('stripes', 0))).toEqual(before);
  });
});

test('images are prepared one batch at a time; inputs that are no images are refused before any', async () => {
  const model = await loadVit(opened);
  const images = [0, 1, 2, 3, 4].map((first) => drawn('squares', first));
  const told = await model.predict_batch(images, { per_device_eval_batch_size: 2 });
  expect(told).toEqual(await Promise.all(images.map((image) => model.predict(image))));
  const vectors = await model.embed(images, { batch_size: 2 });
  expect(vectors).toEqual((await Promise.all(images.map((image) => model.embed([image])))).flat());
  for (const [last, done] of [
    [new Blob(['PNG']), [2]],
    ['a text', []],
  ] as const) {
    const progress: number[] = [];
    const options = { batch_size: 2, progress_callback: (each: { done: number }) => progress.push(each.done) };
    const message = /^embed: inputs\[2\]: /;
    await expect(model.embed([...images.slice(0, 2), last], options)).rejects.toMatchObject({ message });
    expect(progress).toEqual(done);
    await expect(model.predict_batch([...images.slice(0, 2), last])).rejects.toMatchObject({
      message: /^predict: inputs\[2\]: /,
    });
  }
  await model.dispose();
});

test('merging keeps the image processor', async () => {
  const base = await loadVit(opened);
  const vera = await get_peft_model(base, new VeraConfig({ r: 8, target_modules: ['q_proj'] }));
  const before = await vera.predict(drawn('squares', 0));
  const merged = await vera.merge_and_unload();
  expect(await merged.predict(drawn('squares', 0))).toEqual(before);
  await base.dispose();
});

test.each([
  [
    'of another size',
    { image_processor_type: 'ViTImageProcessor', size: 224 },
    'invalid_format',
    'expected images of 28×28 in 3 channels, as config.json says, got 224×224 in 3',
  ],
  [
    'that is not supported',
    { image_processor_type: 'ConvNextImageProcessor' },
    'unsupported_model',
    'image_processor_type: expected ViTImageProcessor or DeiTImageProcessor or BitImageProcessor or CLIPImageProcessor or SiglipImageProcessor, got ConvNextImageProcessor',
  ],
])(
  'a model with a preprocessor %s loads, predicts pixel_values, and refuses images',
  async (_, config, code, message) => {
    const other = new Blob([JSON.stringify(config)]);
    const files = new Map([...vit.files, ['preprocessor_config.json', other]]);
    const [model, usual] = [await loadVit(opened, { files }), await loadVit(opened)];
    const image = drawn('squares', 2);
    const { pixel_values } = (await usual.preview({ image })) as ImagePreview;
    expect(await model.predict({ pixel_values })).toEqual(await usual.predict(image));
    expect(await model.embed([{ pixel_values }])).toEqual(await usual.embed([image]));
    const error = { code, hint: /pixel_values/ };
    const text = `image: preprocessor_config.json: ${message}`;
    await expect(model.predict(image)).rejects.toMatchObject({ ...error, message: `predict: inputs[0]: ${text}` });
    await expect(model.embed([image])).rejects.toMatchObject({ ...error, message: `embed: inputs[0]: ${text}` });
    await expect(model.preview({ pixel_values })).rejects.toMatchObject(error);
    const vera = await get_peft_model(model, new VeraConfig({ r: 8, target_modules: ['q_proj'] }));
    const args = { max_steps: 1, save_strategy: 'no' } as const;
    const trainer = (first: Example) =>
      new Trainer({ model: vera, args, train_dataset: [first, { pixel_values, label: 'stripes' }] });
    await trainer({ pixel_values, label: 'squares' }).train();
    await expect(trainer({ image, label: 'squares' }).train()).rejects.toMatchObject({
      ...error,
      message: `example 0: ${text}`,
    });
    await model.dispose();
    await usual.dispose();
  },
);
