import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import type { GivenInputs } from '../../../src/core/types/tensor';
import { resolveTrainingArguments } from '../../../src/page/training/training_arguments';
import { ImageClassification } from '../../../src/tasks/image_classification/image_classification';
import type { RowSource } from '../../../src/tasks/task/task_data';
import { createArchitecture } from '../../../src/tasks/task_registry';

const config = JSON.parse(readFileSync('test/golden/base/vit/config.json', 'utf8'));
const named = { ...config, id2label: { 0: 'cat', 1: 'dog' } };
const task = new ImageClassification(createArchitecture(named, 'image_classification'));
const args = resolveTrainingArguments({ per_device_train_batch_size: 2 });
const signal = new AbortController().signal;

const LENGTH = 3 * 16 * 16;
const image = (first = 0) => ({
  dims: [3, 16, 16],
  data: Float32Array.from({ length: LENGTH }, (_, n) => first + n / LENGTH),
});
const collect = (...examples: readonly unknown[]) =>
  task.collect({ kind: 'examples', examples }, { args, purpose: 'training', signal });
const invalid = (message: string | RegExp) =>
  expect.objectContaining({ code: 'invalid_argument', message: expect.stringMatching(message) });

describe('examples', () => {
  test('become rows with the class of their label', async () => {
    const { rows, warnings } = await collect(
      { pixel_values: image(), label: 'dog' },
      { pixel_values: { dims: [1, 3, 16, 16], data: image(1).data }, label: 0 },
    );
    expect(rows.map(({ targets: [target] }) => target)).toEqual([1, 0]);
    expect(rows.map(({ pixels }) => pixels[0])).toEqual([0, 1]);
    expect(warnings).toEqual([]);
  });

  test('of JSON Lines too', async () => {
    const line = (label: number) =>
      JSON.stringify({ pixel_values: { dims: [3, 16, 16], data: [...image().data] }, label });
    const source: RowSource = { kind: 'blob', blob: new Blob([`${line(0)}\n${line(1)}`]), format: 'jsonl' };
    const { rows } = await task.collect(source, { args, purpose: 'training', signal });
    expect(rows.map(({ pixels }) => pixels)).toEqual([image().data, image().data]);
  });

  test.each<[string, unknown, RegExp]>([
    ['a text', { text: 'a', label: 'cat' }, /^example 0: expected an image, got a text$/],
    ['pixels without a label', { pixel_values: image() }, /^example 0: expected an image with a label$/],
    [
      'other sizes',
      { pixel_values: { dims: [1, 16, 48], data: image().data }, label: 0 },
      /expected dims \(3, 16, 16\), as/,
    ],
    ['two images', { pixel_values: { dims: [2, 3, 16, 8], data: image().data }, label: 0 }, /got \(2, 3, 16, 8\)/],
    ['another label', { pixel_values: image(), label: 'cow' }, /^example 0: label: expected one of the model's labels/],
    [
      'a pixel that is no number',
      { pixel_values: { dims: [3, 16, 16], data: image(Number.NaN).data }, label: 0 },
      /^example 0: pixel_values: expected finite numbers, got NaN$/,
    ],
  ])('refused: %s', async (_, example, message) => {
    await expect(collect(example)).rejects.toEqual(invalid(message));
  });

  test('a text in place of an image gets the forms of images, also for predictions', async () => {
    const hint = expect.stringMatching(
      /^An image is a Blob, .*: predict and embed take it as it is, and an example is/,
    );
    await expect(collect({ text: 'a', label: 'cat' })).rejects.toMatchObject({ hint });
  });

  test('refused: none, of one class alone, and plain text', async () => {
    await expect(collect()).rejects.toEqual(invalid(/^Expected a data set with at least one example/));
    const one = { pixel_values: image(), label: 'cat' };
    await expect(collect(one, one)).rejects.toEqual(invalid(/^Expected examples of at least two classes/));
    const source: RowSource = { kind: 'blob', blob: new Blob(['a']), format: 'text' };
    await expect(task.collect(source, { args, purpose: 'training', signal })).rejects.toEqual(invalid(/plain text/));
  });
});

describe('a batch', () => {
  test('has a token for each patch and one more; the head reads the first', async () => {
    const { rows } = await collect({ pixel_values: image(), label: 1 }, { pixel_values: image(1), label: 0 });
    const { pixel_values, ...batch } = task.batch(rows);
    expect(batch).toEqual({
      B: 2,
      T: 17,
      labelled: 2,
      rows: Uint32Array.of(0, 17),
      targets: Float32Array.of(1, 0),
      weights: Float32Array.of(1, 1),
    });
    expect(pixel_values.length).toBe(2 * LENGTH);
    expect(task.fullShape(args)).toEqual({ B: 2, T: 17 });
  });

  test('is known by pixels and label', async () => {
    const columns = async (first: number, label: number) => {
      const { rows } = await task.collect(
        { kind: 'examples', examples: [{ pixel_values: image(first), label }] },
        { args, purpose: 'evaluation', signal },
      );
      return task.columns(rows[0]!).map((column) => [...column]);
    };
    expect(await columns(0, 1)).toEqual(await columns(0, 1));
    expect(await columns(0, 1)).not.toEqual(await columns(0, 0));
    expect(await columns(0, 1)).not.toEqual(await columns(1, 1));
  });

  test('is exported as lists of lines', async () => {
    const { rows } = await collect({ pixel_values: image(), label: 1 }, { pixel_values: image(), label: 0 });
    const { pixel_values, labels } = task.exported(rows[0]!) as { pixel_values: number[][][]; labels: number };
    expect([pixel_values.length, pixel_values[0]!.length, pixel_values[0]![0]!.length, labels]).toEqual([3, 16, 16, 1]);
    expect(Float32Array.from(pixel_values.flat(2))).toEqual(image().data);
  });
});

test('buffers may be longer than the logits in them', async () => {
  const { rows } = await collect(...[1, 0, 1].map((label) => ({ pixel_values: image(), label })));
  const [first, second] = [task.batch(rows), task.batch(rows.slice(0, 1))];
  const logits = Float32Array.of(0, 1, 1, 0, 0, 1, 9, 0);
  expect(task.predictions(first, logits)).toEqual({ predicted: [1, 0, 1], targets: [1, 0, 1] });
  expect(task.predictions(second, logits)).toEqual({ predicted: [1], targets: [1] });
  const all = { predicted: [1, 0, 1, 1], targets: [1, 0, 1, 1] };
  expect(task.metrics({ loss: 0.5, labelled: 4, ...all })).toEqual({
    eval_loss: 0.5,
    accuracy: 1,
    f1: 1,
    eval_rows: 4,
  });
  const { dims, data } = task.logitsOf(logits, { pixel_values: { dims: [3, 3, 16, 16], data: logits } }, first);
  expect([dims, data]).toEqual([[3, 2], logits.slice(0, 6)]);
});

describe('inputs of forward', () => {
  const data = Float32Array.from([...image().data, ...image(1).data]);
  const given = (more: object = {}): GivenInputs => ({ pixel_values: { dims: [2, 3, 16, 16], data }, ...more });

  test('are a batch, with labels or without', () => {
    expect(task.given(given())).toMatchObject({ B: 2, T: 17, labelled: 0 });
    const labels = { dims: [2], data: Float32Array.of(1, 0) };
    expect(task.given(given({ labels }))).toMatchObject({ labelled: 2, targets: Float32Array.of(1, 0) });
  });

  test('refused: other sizes, other labels, and texts', () => {
    const narrow: GivenInputs = { pixel_values: { dims: [2, 3, 8, 32], data } };
    expect(() => task.given(narrow)).toThrow(
      invalid(/expected dims \(3, 16, 16\), as the model's files say, got \(3, 8, 32\)/),
    );
    const labels = { dims: [2], data: Float32Array.of(1, 2) };
    expect(() => task.given(given({ labels }))).toThrow(invalid(/^labels\[1\]: label: expected/));
    const texts: GivenInputs = { input_ids: { dims: [1, 1], data: Int32Array.of(1) } };
    expect(() => task.given(texts)).toThrow(invalid(/^inputs: expected pixel_values/));
  });
});

test('a network of texts is none of its', () => {
  const bert = JSON.parse(readFileSync('test/golden/base/bert/config.json', 'utf8'));
  expect(() => new ImageClassification(createArchitecture(bert, 'sequence_classification'))).toThrow(
    expect.objectContaining({ code: 'unsupported_model' }),
  );
});
