import { expect, test } from 'vitest';
import type { TrainingArguments } from '../../../../src/core/types/training';
import { refineArguments } from '../../../../src/page/profile/learning/refine_method';
import { resolveTrainingArguments } from '../../../../src/page/training/training_arguments';

test.each<[TrainingArguments, number, TrainingArguments]>([
  [{}, 0, { max_steps: 60, per_device_train_batch_size: 16, objective: 'contrast' }],
  [{}, 80, { max_steps: 64, per_device_train_batch_size: 16, objective: 'contrast' }],
  [{}, 1280, { max_steps: 124, per_device_train_batch_size: 16, objective: 'contrast' }],
  [
    { num_train_epochs: 2 },
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
  [{ per_device_train_batch_size: 7 }, 0, { max_steps: 60, per_device_train_batch_size: 8, objective: 'contrast' }],
])('contrast: %j for %i examples', (given, examples, expected) => {
  const args = refineArguments(given, examples, 'contrast');
  expect(args).toEqual(expected);
  expect(resolveTrainingArguments(args)).toMatchObject(expected);
});

test.each<[TrainingArguments, TrainingArguments]>([
  [
    {},
    {
      max_steps: 60,
      per_device_train_batch_size: 16,
      learning_rate: 1e-2,
      headLearningRate: 0,
      objective: 'labels',
    },
  ],
  [
    { headLearningRate: 1e-2, group_by_length: true, per_device_train_batch_size: 1, learning_rate: 0.5 },
    {
      max_steps: 60,
      per_device_train_batch_size: 1,
      learning_rate: 0.5,
      headLearningRate: 1e-2,
      group_by_length: true,
      objective: 'labels',
    },
  ],
])('labels: %j', (given, expected) => {
  const args = refineArguments(given, 0, 'labels');
  expect(args).toEqual(expected);
  expect(resolveTrainingArguments(args)).toMatchObject(expected);
});
