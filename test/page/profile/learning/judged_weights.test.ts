import { expect, test } from 'vitest';
import { counts, weightsInRun } from '../../../../src/page/profile/learning/judged_weights';

const names = ['ham', 'spam', '7'];

test('balanced weights are those of the examples to learn from, whether labels are names or indices', () => {
  const learnt = [
    { text: 'a', label: 'ham' },
    { text: 'b', label: 0 },
    { text: 'c', label: 'ham' },
    { input_ids: [5], labels: 1 },
    { text: 'd', label: '2' },
    { text: 'e', label: '7' },
  ];
  // Six examples of three classes.
  expect(weightsInRun('balanced', learnt, names)).toEqual({ ham: 2 / 3, spam: 2, 7: 1 });
});

test('other weights are the same for all examples', () => {
  expect(weightsInRun({ spam: 5 }, [], names)).toEqual({ spam: 5 });
  expect(weightsInRun(null, [], null)).toBeNull();
});

test('only a weight of 0 excludes an example', () => {
  const of = (weight?: number) => counts({ text: 'a', ...(weight !== undefined && { weight }) });
  expect([of(), of(0.1), of(2), of(0)]).toEqual([true, true, true, false]);
});
