import { expect, test } from 'vitest';
import type { TrainingArguments } from '../../../src/core/types/training';
import { resolveTrainingArguments } from '../../../src/page/training/training_arguments';

test('the objective is that of labels, without a temperature', () => {
  expect(resolveTrainingArguments()).toMatchObject({ objective: 'labels', contrastTemperature: null });
});

test.each<[TrainingArguments, number]>([
  [{ objective: 'contrast' }, 0.1],
  [{ objective: 'contrast', contrastTemperature: 0.5, per_device_train_batch_size: 16 }, 0.5],
])('%j', (args, contrastTemperature) => {
  expect(resolveTrainingArguments(args)).toMatchObject({ ...args, contrastTemperature });
});

test.each<[TrainingArguments, string]>([
  [{ objective: 'contrats' as never }, "objective: expected 'labels' or 'contrast', got 'contrats'"],
  [{ objective: 'contrast', contrastTemperature: 0 }, 'contrastTemperature: expected a number above 0, got 0'],
  [{ contrastTemperature: 0.1 }, "contrastTemperature: expected none beside objective: 'labels', got 0.1"],
  [
    { objective: 'contrast', per_device_train_batch_size: 2 },
    "per_device_train_batch_size: expected an even number from 4 beside objective: 'contrast', got 2",
  ],
  [
    { objective: 'contrast', per_device_train_batch_size: 7 },
    "per_device_train_batch_size: expected an even number from 4 beside objective: 'contrast', got 7",
  ],
  [
    { objective: 'contrast', headLearningRate: 1e-3 },
    "headLearningRate: expected none beside objective: 'contrast', got 0.001",
  ],
  [
    { objective: 'contrast', label_smoothing_factor: 0.1 },
    "label_smoothing_factor: expected 0 beside objective: 'contrast', got 0.1",
  ],
  [
    { objective: 'contrast', group_by_length: true },
    "group_by_length: expected false beside objective: 'contrast', got true",
  ],
])('%j is refused', (args, message) => {
  expect(() => resolveTrainingArguments(args)).toThrow(
    expect.objectContaining({ code: 'invalid_argument', message: expect.stringContaining(message) }),
  );
});
