import { expect, test } from 'vitest';
import { planSteps } from '../../../../src/core/numbers/step_plan';
import type { TrainingArguments } from '../../../../src/core/types/training';
import { trainArguments } from '../../../../src/page/profile/learning/train_method';
import { resolveTrainingArguments } from '../../../../src/page/training/training_arguments';

test.each<[string, number, TrainingArguments, number]>([
  ['one example is repeated for sixteen epochs', 1, {}, 16],
  ['sixteen examples are repeated for sixty steps', 16, {}, 60],
  ['27 examples in batches of 4 are repeated for nine epochs of seven steps', 27, {}, 63],
  ['larger batches are repeated more often', 27, { per_device_train_batch_size: 8 }, 60],
  ['accumulated batches count as one step', 27, { gradient_accumulation_steps: 4 }, 32],
  ['80 examples take three epochs of 20 steps', 80, {}, 60],
  ['many examples take three epochs', 900, {}, 675],
  ['a given number of steps holds', 2, { max_steps: 4 }, 4],
  ['a given number of epochs holds', 2, { num_train_epochs: 3 }, 3],
])('%s', (_, examples, given, steps) => {
  const args = trainArguments(given, examples);
  expect(args).toMatchObject(given);
  expect(planSteps(examples, resolveTrainingArguments(args)).maxSteps).toBe(steps);
});
