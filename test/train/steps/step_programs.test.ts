import { expect, test } from 'vitest';
import { earlyShape } from '../../../src/train/steps/step_programs';

type FullShape = Parameters<typeof earlyShape>[0]['fullShape'];

/** Batches of texts, as `args` limits them. */
const fullShape: FullShape = ({ per_device_train_batch_size: B, max_length: T }) => ({ B, T });

test.each([
  [4, 1024, 4],
  [5000, 1024, 64],
  [5000, 8, 5000],
  [2, 131_072, 1],
])('kernels for batches of %i rows of %i tokens are compiled early for %i rows', (rows, length, expected) => {
  const args = { per_device_train_batch_size: rows, max_length: length };
  expect(earlyShape({ fullShape }, args)).toEqual({ B: expected, T: length });
});
