import { expect, test } from 'vitest';
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

test('lists of labels are groups like labels, and numbers are one group', () => {
  const sets = [['red'], ['red', 'blue']];
  const several = Array.from({ length: 12 }, (_, index) => ({ text: `${index}`, labels: sets[index % 2]! }));
  expect(leaveOut(several)!.places).toEqual([4, 5, 10, 11]);
  expect(leaveOut(labelled(...Array.from({ length: 12 }, (_, index) => index / 7)))).toBeUndefined();
  expect(leaveOut(labelled(...Array.from({ length: 12 }, (_, index) => index / 7)), true)!.places).toEqual([
    2, 5, 8, 11,
  ]);
});
