import { expect, test } from 'vitest';
import type { TrainingArguments } from '../../../src/core/types/training';
import type { TextSizes } from '../../../src/models/architecture';
import { resolveTrainingArguments } from '../../../src/page/training/training_arguments';
import { argumentWarnings } from '../../../src/worker/runs/argument_warnings';

const text = { maxLength: 512 } as TextSizes;
const warnings = (args: TrainingArguments, rows: number) =>
  argumentWarnings(resolveTrainingArguments(args), rows, { text });

test('a max_length above the model’s is reduced, with a warning', () => {
  expect(warnings({ max_length: 4096 }, 100)).toEqual([
    {
      code: 'max_length_cut',
      message: 'max_length: 4096 is more than the 512 tokens that this model reads: texts are cut there',
    },
  ]);
});

test('a batch that is larger than the data takes all of it, with a warning', () => {
  expect(warnings({ per_device_train_batch_size: 5000 }, 12)).toEqual([
    {
      code: 'batch_above_data',
      message:
        'per_device_train_batch_size: 5000 is more than the data has: each step takes all 12 rows, and each epoch is one step',
    },
  ]);
});

test('defaults and fitting values give no warning', () => {
  expect(warnings({}, 2)).toEqual([]);
  expect(warnings({ max_length: 512, per_device_train_batch_size: 12 }, 12)).toEqual([]);
  expect(argumentWarnings(resolveTrainingArguments({ max_length: 4096 }), 12, {})).toEqual([]);
});
