import { describe, expect, test } from 'vitest';
import type { Warning } from '../../src/core/errors/warning';
import { createArchitecture, createTask, type TaskName } from '../../src/tasks/task_registry';
import { isUneven, RisingLoss } from '../../src/train/rising_loss';
import { tinyConfig } from '../helpers/models/tiny_llama';

/** Returns the warnings for these losses. `epoch` is the number of steps in an epoch. The run begins at the start of an epoch. */
function warningsOf(
  losses: readonly number[],
  { before = [], epoch = 1000, isUneven = false }: Partial<Run> = {},
): Warning[] {
  const warnings: Warning[] = [];
  const rising = new RisingLoss((warning) => warnings.push(warning));
  rising.isUneven = isUneven;
  if (before.length > 0) rising.restore(before.map((loss) => ({ loss })));
  for (const [index, loss] of losses.entries()) {
    const step = before.length + index + 1;
    rising.add({ step, loss }, { learning_rate: 10, endsEpoch: step % epoch === 0 });
  }
  return warnings;
}

interface Run {
  readonly before: readonly number[];
  readonly epoch: number;
  readonly isUneven: boolean;
}

test('a loss that has doubled is reported once, with the rate to try', () => {
  expect(warningsOf([4, 4.1, 4.2, 7, 9, 11, 12, 13])).toEqual([
    {
      code: 'loss_rises',
      message:
        'The loss has risen from 4.10 to 9.00 by step 6: a learning_rate of 10 is too high here. Stop the run and try 1',
    },
  ]);
});

test.each([
  ['falling', [4, 3, 2, 1, 0.5, 0.2, 0.1]],
  ['one hard batch', [1, 1, 1, 1, 5, 0, 0]],
  ['a little worse', [4, 4, 4, 5, 6, 7, 6]],
  ['too few steps', [1, 1, 9]],
  ['nothing to lose', [0, 0, 0, 0, 1, 2, 3]],
])('not reported: %s', (_, losses) => {
  expect(warningsOf(losses)).toEqual([]);
});

test('a run that continues is compared with its beginning', () => {
  const before = [1, 1, 1, 3, 3, 3];
  expect(warningsOf([], { before })).toEqual([]);
  expect(warningsOf([3], { before })).toHaveLength(1);
});

describe('an adapter that has learnt examples before', () => {
  test.each<[string, number[], Partial<Run>]>([
    ['they are as well known at the end', [0.05, 0.04, 0.06, 0.15, 0.2, 0.15, 0.2], { epoch: 2 }],
    ['others are new to it, in its only epoch', [0.05, 0.05, 0.05, 4, 4, 4], {}],
    ['others are new to it, in each epoch', [0.05, 0.05, 4, 0.05, 4, 4, 4, 4, 4, 0.05, 0.05, 0.05], { epoch: 6 }],
    ['its last epoch ends early', [0.05, 4, 0.05, 0.05, 4, 4], { epoch: 4 }],
    ['it continues within an epoch', [0.1, 4, 4, 4, 4], { before: [0.1, 0.1, 0.1, 4, 0.1], epoch: 6 }],
  ])('is not reported: %s', (_, losses, run) => {
    expect(warningsOf(losses, run)).toEqual([]);
  });

  test('is reported as soon as a whole epoch is far above the first', () => {
    const [warning, ...others] = warningsOf([0.1, 0.1, 2.8, 0.1, 3, 3, 5, 5, 5, 5], { epoch: 4 });
    expect(others).toEqual([]);
    expect(warning?.message).toContain('The loss has risen from 0.775 to 4.00 by step 8: ');
  });
});

const SEVERAL = { problem_type: 'multi_label_classification', num_labels: 2 };

describe('losses that differ by much, such as squared errors', () => {
  // Means of four squared errors, as a healthy run has them.
  const losses = [1.3, 1.1, 1.9, 0.7, 4.2, 3.1, 2.9, 1.4];

  test('are compared by epochs alone', () => {
    expect(warningsOf(losses)).toHaveLength(1);
    expect(warningsOf(losses, { isUneven: true })).toEqual([]);
    expect(warningsOf([...losses, ...losses, 5, 5, 5], { isUneven: true, epoch: 8 })).toEqual([]);
    const risen = losses.map((loss) => 3 * loss);
    expect(warningsOf([...losses, ...risen], { isUneven: true, epoch: 8 })).toHaveLength(1);
  });

  test.each<[string, object, TaskName, object, boolean]>([
    ['a class', {}, 'sequence_classification', { targets: [1], weight: 1 }, false],
    ['a class with a weight', {}, 'sequence_classification', { targets: [1], weight: 5 }, true],
    ['a number', { num_labels: 1 }, 'sequence_classification', { targets: [7.5], weight: 1 }, true],
    ['several labels', SEVERAL, 'sequence_classification', { targets: [1, 0], weight: 1 }, false],
    ['a text', {}, 'causal_lm', {}, false],
    ['a text with a weight', {}, 'causal_lm', { weight: 0.5 }, true],
    ['words', {}, 'token_classification', {}, false],
  ])('%s', (_, config, task, row, expected) => {
    const model = createArchitecture({ ...tinyConfig, ...config }, task);
    expect(isUneven(createTask(model), [row])).toBe(expected);
  });
});
