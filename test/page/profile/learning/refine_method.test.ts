import { expect, test } from 'vitest';
import type { TrainingArguments } from '../../../../src/core/types/training';
import { refineArguments, standardError } from '../../../../src/page/profile/learning/refine_method';
import { resolveTrainingArguments } from '../../../../src/page/training/training_arguments';

test.each<[TrainingArguments, number, TrainingArguments]>([
  [{}, 20, { max_steps: 61, per_device_train_batch_size: 16, objective: 'contrast' }],
  [{ max_steps: -1 }, 20, { max_steps: 61, per_device_train_batch_size: 16, objective: 'contrast' }],
  [{}, 80, { max_steps: 64, per_device_train_batch_size: 16, objective: 'contrast' }],
  [{}, 1280, { max_steps: 124, per_device_train_batch_size: 16, objective: 'contrast' }],
  [{}, 9, { max_steps: 61, per_device_train_batch_size: 10, objective: 'contrast' }],
  [
    { num_train_epochs: 2 },
    80,
    { num_train_epochs: 2, max_steps: -1, per_device_train_batch_size: 16, objective: 'contrast' },
  ],
  [
    { max_steps: -1, num_train_epochs: 2 },
    80,
    { num_train_epochs: 2, max_steps: -1, per_device_train_batch_size: 16, objective: 'contrast' },
  ],
  [
    {
      max_steps: 7,
      per_device_train_batch_size: 1,
      headLearningRate: 1e-2,
      label_smoothing_factor: 0.1,
      group_by_length: true,
    },
    80,
    { max_steps: 7, per_device_train_batch_size: 4, objective: 'contrast' },
  ],
  [{ per_device_train_batch_size: 7 }, 20, { max_steps: 61, per_device_train_batch_size: 8, objective: 'contrast' }],
])('contrast: %j for %i examples', (given, examples, expected) => {
  const args = refineArguments(given, examples, 'contrast');
  expect(args).toEqual(expected);
  expect(resolveTrainingArguments(args)).toMatchObject(expected);
});

test.each<[TrainingArguments, TrainingArguments]>([
  [
    {},
    {
      max_steps: 61,
      per_device_train_batch_size: 16,
      learning_rate: 1e-2,
      headLearningRate: 0,
      objective: 'labels',
    },
  ],
  [
    { headLearningRate: 1e-2, group_by_length: true, per_device_train_batch_size: 1, learning_rate: 0.5 },
    {
      max_steps: 61,
      per_device_train_batch_size: 1,
      learning_rate: 0.5,
      headLearningRate: 1e-2,
      group_by_length: true,
      objective: 'labels',
    },
  ],
])('labels: %j', (given, expected) => {
  const args = refineArguments(given, 20, 'labels');
  expect(args).toEqual(expected);
  expect(resolveTrainingArguments(args)).toMatchObject(expected);
});

test('the standard error of a mean difference', () => {
  expect(standardError([1, 2, 3, 4], [0, 1, 2, 3])).toBe(0);
  // The two differences, 1 and 3, have a mean of 2 and a variance of 2.
  expect(standardError([1, 4], [0, 1])).toBeCloseTo(1, 12);
  expect(standardError([1], [0])).toBe(0);
  expect(standardError([1, Number.NaN], [0, 1])).toBe(0);
});
