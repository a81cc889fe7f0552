import { expect, test } from 'vitest';
import { WebVeraError } from '../../src/core/errors/error';
import { resolveTrainingArguments } from '../../src/page/training/training_arguments';
import { smallerBatches } from '../../src/train/smaller_batches';
import { largestBatch } from '../../src/train/steps/steps';
import { tooLarge } from '../../src/train/too_large';

test.each([
  [1, 4, []],
  [5, 3, [[1, 15]]],
  [
    12,
    1,
    [
      [6, 2],
      [4, 3],
      [3, 4],
      [2, 6],
      [1, 12],
    ],
  ],
])('%i examples %i times', (size, parts, expected) => {
  const sizes = smallerBatches({
    per_device_train_batch_size: size,
    gradient_accumulation_steps: parts,
    objective: 'labels',
  });
  expect(sizes.map(Object.values)).toEqual(expected);
});

const texts = { fullShape: ({ max_length }: { max_length: number }) => ({ B: 4, T: max_length }) };

test('a batch that doesn’t fit is reported with a change that helps', () => {
  const cause = new WebVeraError('limit_exceeded', 'slot has 9 bytes', { hint: 'Smaller.' });
  const error = tooLarge(cause, { B: 4, T: 64 }, resolveTrainingArguments(), texts) as WebVeraError;
  expect(error).toMatchObject({ code: 'limit_exceeded', detail: { batch: 4, tokens: 64 }, cause });
  expect(error.message).toBe("Batches of 4 × 64 don't fit on this GPU: slot has 9 bytes");
  expect(error.hint).toContain('per_device_train_batch_size: 2 with gradient_accumulation_steps: 2');
  expect(error.hint).toContain('a max_length below 64');
});

test('for images no length is suggested, and other errors stay unchanged', () => {
  const cause = new WebVeraError('out_of_memory', 'none left');
  const args = resolveTrainingArguments({ per_device_train_batch_size: 1 });
  const { hint } = tooLarge(cause, { B: 1, T: 17 }, args, { fullShape: () => ({ B: 1, T: 17 }) }) as WebVeraError;
  expect(hint).not.toMatch(/max_length|batch_size/);
  const other = new WebVeraError('internal', 'a defect');
  expect(tooLarge(other, { B: 1, T: 17 }, args, texts)).toBe(other);
});

test('the largest batches are as long as the longest row', () => {
  const task = {
    columns: (row: number) => [new Uint32Array(row)],
    batch: (rows: readonly number[]) => ({ B: rows.length, T: 64 * Math.ceil(Math.max(...rows) / 64), labelled: 1 }),
  };
  const args = resolveTrainingArguments({ per_device_train_batch_size: 4 });
  expect(largestBatch(task, [3, 90, 12, 7, 8], args)).toEqual({ B: 4, T: 128 });
  expect(largestBatch(task, [3], args)).toEqual({ B: 1, T: 64 });
});

test('rows that are compared within a batch have no smaller batches that learn the same', () => {
  const args = resolveTrainingArguments({ objective: 'contrast', per_device_train_batch_size: 8 });
  expect(smallerBatches(args)).toEqual([]);
  const error = tooLarge(new WebVeraError('out_of_memory', 'none left'), { B: 8, T: 64 }, args, texts) as WebVeraError;
  expect(error.hint).toBe('Use a max_length below 64, or a smaller model. estimate() reports what fits.');
});
