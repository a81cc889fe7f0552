import { describe, expect, test } from 'vitest';
import { planSteps } from '../../../src/core/numbers/step_plan';

const args = {
  per_device_train_batch_size: 2,
  gradient_accumulation_steps: 1,
  num_train_epochs: 2,
  max_steps: -1,
};

describe('planSteps counts as transformers does', () => {
  test.each([
    { rowCount: 7, expected: { stepsPerEpoch: 4, maxSteps: 8 } },
    { rowCount: 8, expected: { stepsPerEpoch: 4, maxSteps: 8 } },
    { rowCount: 7, gradient_accumulation_steps: 3, expected: { stepsPerEpoch: 2, maxSteps: 4 } },
    { rowCount: 7, num_train_epochs: 0.3, expected: { stepsPerEpoch: 4, maxSteps: 2 } },
    { rowCount: 1, gradient_accumulation_steps: 8, expected: { stepsPerEpoch: 1, maxSteps: 2 } },
    { rowCount: 7, max_steps: 30, expected: { stepsPerEpoch: 4, maxSteps: 30 } },
  ])('$rowCount rows', ({ rowCount, expected, ...changes }) => {
    expect(planSteps(rowCount, { ...args, ...changes })).toEqual(expected);
  });
});
