import { expect, test } from 'vitest';
import { NOT_EVALUATED, NOT_HALVED, type RecordSnapshot } from '../../../src/core/types/snapshot';
import type { TrainingArguments } from '../../../src/core/types/training';
import { resolveTrainingArguments } from '../../../src/page/training/training_arguments';
import { partThatCounts } from '../../../src/worker/runs/checkpoints/record_part';

const record: RecordSnapshot = {
  progress: { global_step: 2, max_steps: 8, epoch: 0.25 },
  lossSum: 1,
  logs: [],
  halving: { factor: 0.5, step: 1, times: 1 },
  evaluation: NOT_EVALUATED,
  reference: Float32Array.of(-1, -2),
};
const then = { max_length: 64, per_device_train_batch_size: 4, learning_rate: 0.1 };
const resumed = (changes: TrainingArguments) =>
  partThatCounts(record, then, resolveTrainingArguments({ ...then, ...changes }));

test('a run with the same arguments keeps its record', () => {
  const { halving, evaluation, reference } = record;
  expect(resumed({ max_steps: 20 })).toEqual({ halving, evaluation, reference });
});

test.each<TrainingArguments>([{ max_length: 16 }, { max_length: 128 }, { per_device_train_batch_size: 2 }])(
  "with %o the base model's log probabilities are computed anew",
  (changes) => {
    expect(resumed(changes).reference).toBeUndefined();
  },
);

test('with another learning rate it is not halved', () => {
  expect(resumed({ learning_rate: 0.05 }).halving).toEqual(NOT_HALVED);
});
