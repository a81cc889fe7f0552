import { describe, expect, test } from 'vitest';
import type { LabelList } from '../../../../src/core/types/training';
import { leaveOut } from '../../../../src/page/profile/examples/left_out';

const labelled = (...labels: readonly (string | number)[]) =>
  labels.map((label, index) => ({ text: `text ${index}`, label }));
const turns = (count: number, ...labels: readonly string[]) =>
  labelled(...Array.from({ length: count }, (_, index) => labels[index % labels.length]!));

test('leaves out a third of few examples of each label', () => {
  const trial = leaveOut(turns(12, 'ham', 'spam'))!;
  expect(trial.places).toEqual([4, 5, 10, 11]);
  expect(trial.judges.map((one) => (one as { text: string }).text)).toEqual(['text 4', 'text 5', 'text 10', 'text 11']);
  expect(trial.learnt).toHaveLength(8);
  expect(trial.learnt).not.toContain(trial.judges[0]);
});

test('leaves out a fifth of more examples', () => {
  const trial = leaveOut(turns(60, 'ham', 'spam', 'eggs'))!;
  expect(trial.places).toEqual([12, 13, 14, 27, 28, 29, 42, 43, 44, 57, 58, 59]);
  expect(trial.learnt).toHaveLength(48);
});

test('six examples of each of two labels are enough, as visitors are told', () => {
  expect(leaveOut(turns(12, 'ham', 'spam'))?.judges).toHaveLength(4);
});

test('leaves the same ones out while examples are added', () => {
  const [few, more] = [60, 70].map((count) => leaveOut(turns(count, 'ham', 'spam'))!.places);
  expect(more!.slice(0, few!.length)).toEqual(few);
});

test.each([
  ['too few examples of each label', turns(18, 'a', 'b', 'c', 'd', 'e', 'f', 'g', 'h', 'i')],
  ['eight examples of one label', turns(8, 'ham')],
  ['three of each of two labels', turns(6, 'ham', 'spam')],
  ['none', []],
])('leaves nothing out of %s', (_, examples) => {
  expect(leaveOut(examples)).toBeUndefined();
});

test('numbers are one group', () => {
  const numbers = labelled(...Array.from({ length: 12 }, (_, index) => index / 7));
  expect(leaveOut(numbers)).toBeUndefined();
  expect(leaveOut(numbers, 'numbers')!.places).toEqual([2, 5, 8, 11]);
});

describe('sets of labels', () => {
  const withSets = (count: number, ...sets: readonly LabelList[]) =>
    Array.from({ length: count }, (_, index) => ({ text: `${index}`, labels: sets[index % sets.length]! }));
  /** All 16 sets of four labels. */
  const subsets = Array.from({ length: 16 }, (_, bits) => ['a', 'b', 'c', 'd'].filter((_, k) => (bits >> k) % 2 === 1));

  test('are groups as labels are', () => {
    expect(leaveOut(withSets(12, ['red'], ['red', 'blue']), 'set')!.places).toEqual([4, 5, 10, 11]);
  });

  test('are equal in any order, as probabilities on the same side of one half, and as the label of a single one', () => {
    const mixed = withSets(12, ['red'], ['red', 'blue'], ['red'], ['blue', 'red', 'red']);
    expect(leaveOut(mixed, 'set')!.places).toEqual([4, 5, 10, 11]);
    const soft = withSets(12, [0.9, 0.1], [0.8, 0.6], [0.7, 0.2], [1, 1]);
    expect(leaveOut(soft, 'set')!.places).toEqual([4, 5, 10, 11]);
    const alone = mixed.map((one, index) => (index === 4 ? { text: '4', label: 'red' } : one));
    expect(leaveOut(alone, 'set')!.places).toEqual([4, 5, 10, 11]);
  });

  test('of which there are few count as one group', () => {
    // Two examples have each set, so every third of all is left out.
    expect(leaveOut(withSets(32, ...subsets), 'set')!.places).toEqual([2, 5, 8, 11, 14, 17, 20, 23, 26, 29]);
    expect(leaveOut(withSets(9, ...subsets), 'set')!.places).toEqual([2, 5, 8]);
    expect(leaveOut(withSets(8, ...subsets), 'set')).toBeUndefined();
    // The fifth of each set is left out, and every fifth of those that are left.
    const places = leaveOut(withSets(119, ['a'], ...subsets.slice(0, 5)), 'set')!.places;
    expect(places).toHaveLength(Math.floor(119 / 5));
  });
});
