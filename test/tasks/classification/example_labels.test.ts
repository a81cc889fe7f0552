import { describe, expect, test } from 'vitest';
import type { Labels } from '../../../src/models/labels';
import {
  checkClasses,
  givenTargets,
  labelOf,
  previewLabel,
  targetOf,
  targetsOf,
} from '../../../src/tasks/classification/example_labels';

const classes: Labels = { names: ['ham', 'spam', '0'], problem: 'single_label_classification' };
const numbers: Labels = { names: ['LABEL_0'], problem: 'regression' };

test.each<[number | string, number]>([
  ['ham', 0],
  ['spam', 1],
  [1, 1],
  ['1', 1],
  [' 1 ', 1],
  // A class's name takes precedence over an index in a string.
  ['0', 2],
])('the label %j is class %i', (label, target) => {
  expect(targetOf(label, classes, 'row')).toBe(target);
});

test('a number that is the name of one class and the index of another is refused, and in `forward` an index', () => {
  const stars: Labels = { names: ['1', '2', '3'], problem: 'single_label_classification' };
  for (const label of [1, 2]) {
    expect(() => targetOf(label, stars, 'row')).toThrow(expect.objectContaining({ code: 'invalid_argument' }));
  }
  expect([targetOf(3, stars, 'row'), targetOf('1', stars, 'row'), targetOf(0, stars, 'row')]).toEqual([2, 0, 0]);
  const given = (...indices: number[]) => ({ dims: [indices.length] as const, data: Float32Array.from(indices) });
  expect(givenTargets(given(0, 1, 2), stars, 3)).toEqual([[0], [1], [2]]);
  expect(() => givenTargets(given(3), stars, 1)).toThrow(/an index below 3 of .*, got 3$/);
});

test.each([['Ham'], [''], [' '], [3], [-1], [1.5], ['1.5'], ['-1'], [Number.NaN], ['NaN'], ['constructor']])(
  '%j is no class',
  (label) => {
    const message = /^row: label: expected one of the model's labels \("ham", "spam", "0"\) or an index below 3, got /;
    const error = expect.objectContaining({ code: 'invalid_argument', message: expect.stringMatching(message) });
    expect(() => targetOf(label, classes, 'row')).toThrow(error);
  },
);

test.each<[number | string, number]>([
  [0, 0],
  [-2.5, -2.5],
  ['-2.5', -2.5],
  [' 1e3 ', 1000],
])('the label %j is the number %d', (label, target) => {
  expect(targetOf(label, numbers, 'row')).toBe(target);
});

test.each([['ham'], [''], ['  '], ['1,5'], [Number.NaN], [Number.POSITIVE_INFINITY], ['Infinity']])(
  '%j is no number',
  (label) => {
    const message = /^row: label: expected a number, as the model has a single label, got /;
    const error = expect.objectContaining({ code: 'invalid_argument', message: expect.stringMatching(message) });
    expect(() => targetOf(label, numbers, 'row')).toThrow(error);
  },
);

test.each([[1e39], [-1e39], ['1e39']])('%j is no number that float32 holds', (label) => {
  const message = `row: label: expected a number from -3.4e38 to 3.4e38, got ${Number(label)}`;
  const error = expect.objectContaining({ code: 'invalid_argument', message });
  expect(() => targetOf(label, numbers, 'row')).toThrow(error);
  expect(targetOf(3e38, numbers, 'row')).toBe(3e38);
});

test('an invalid label is shortened in messages, which name the first of many labels', () => {
  const names = Array.from({ length: 1000 }, (_, label) => `class ${label}`);
  const caught = ((): unknown => {
    try {
      return targetOf('x'.repeat(10_000), { ...classes, names }, 'row');
    } catch (error) {
      return error;
    }
  })() as Error;
  expect(caught.message.length).toBeLessThan(400);
  expect(caught.message).toContain('"class 7", and 992 more');
});

describe('the classes of a data set', () => {
  test('that all occur give no warning', () => {
    expect(checkClasses([[0], [1], [2], [1]], classes)).toEqual([]);
  });

  test('that are missing give a warning', () => {
    expect(checkClasses([[0], [1], [1]], classes)).toEqual([
      { code: 'label_never_occurs', message: 'No example has the label "0": the model learns never to give it' },
    ]);
  });

  test('that are only one are refused', () => {
    const message = 'Expected examples of at least two classes, got 3 of "spam" alone';
    const error = expect.objectContaining({ code: 'invalid_argument', message });
    expect(() => checkClasses([[1], [1], [1]], classes)).toThrow(error);
  });

  test('don’t count where numbers are predicted', () => {
    expect(checkClasses([[1], [1], [1]], numbers)).toEqual([]);
  });
});

describe('of several', () => {
  const several: Labels = { names: ['ham', 'spam', '0'], problem: 'multi_label_classification' };
  const measures: Labels = { names: ['price', 'weight'], problem: 'regression' };

  test.each<[unknown, Labels, readonly number[]]>([
    [['spam', 'ham'], several, [1, 1, 0]],
    [['0'], several, [0, 0, 1]],
    ['spam', several, [0, 1, 0]],
    [[], several, [0, 0, 0]],
    [[0, 1, 1], several, [0, 1, 1]],
    [[0.25, 0, 1], several, [0.25, 0, 1]],
    [[-2.5, 1e3], measures, [-2.5, 1000]],
  ])('the labels %j are %o: %j', (given, labels, targets) => {
    expect(targetsOf(given as never, labels, 'row')).toEqual(targets);
  });

  const listOf =
    /^row: label: expected a list of the model's labels \("ham", "spam", "0"\), or a list of 3 numbers, one for each label, from 0 to 1, got /;
  test.each<[unknown, Labels, RegExp]>([
    [['bacon'], several, /^row: label: expected names among the model's labels \("ham", "spam", "0"\), got "bacon"$/],
    [['ham', 1], several, /^row: label: expected names among the model's labels .*, got 1$/],
    ['bacon', several, /^row: label: expected names among the model's labels .*, got "bacon"$/],
    [[0, 1], several, listOf],
    [[0, 1, 2], several, listOf],
    [[0, -0.1, 1], several, listOf],
    [[0, Number.NaN, 1], several, listOf],
    [1, several, listOf],
    [[1], measures, /^row: label: expected a list of 2 numbers, one for each label, got \[1\]$/],
    [[], measures, /^row: label: expected a list of 2 numbers, one for each label, got \[\]$/],
    [3, measures, /^row: label: expected a list of 2 numbers, one for each label, got 3$/],
    [['price', 'weight'], measures, /^row: label: expected a list of 2 numbers/],
    [[1, 1e39], measures, /^row: label: expected a number from -3.4e38 to 3.4e38, got 1e\+39$/],
    [['ham', 'spam'], classes, /^row: label: expected one label, got \["ham","spam"\]$/],
  ])('%j is refused', (given, labels, message) => {
    const error = expect.objectContaining({ code: 'invalid_argument', message: expect.stringMatching(message) });
    expect(() => targetsOf(given as never, labels, 'row')).toThrow(error);
  });

  test('the model decides whether a list has tokens or labels', () => {
    const row = { input_ids: [5, 6], labels: [5, 6] };
    expect(labelOf(row, classes)).toBeUndefined();
    expect(labelOf(row, measures)).toEqual([5, 6]);
    // A list of names can only be labels, because tokens are numbers.
    expect(labelOf({ text: 'a', labels: ['ham'] }, classes)).toEqual(['ham']);
  });

  test('a preview names those that an example has, and gives all numbers', () => {
    const preview = (labels: readonly number[], of: Labels) => previewLabel({ text: 'a', labels }, of, 'row');
    expect(preview([0.5, 1, 0.75], several)).toEqual([
      { id: 1, name: 'spam' },
      { id: 2, name: '0' },
    ]);
    expect(preview([3, -1], measures)).toEqual([3, -1]);
    expect(previewLabel({ text: 'a' }, several, 'row')).toBeNull();
  });

  test('labels of forward have a number for each label of each row', () => {
    const given = (dims: readonly [number, number], data: readonly number[]) =>
      givenTargets({ dims, data: Float32Array.from(data) }, several, 2);
    expect(given([2, 3], [0, 1, 1, 0.5, 0, 0])).toEqual([
      [0, 1, 1],
      [0.5, 0, 0],
    ]);
    expect(() => given([3, 2], [0, 1, 1, 0.5, 0, 0])).toThrow(
      'labels: expected dims [2, 3], a number for each label, got [3, 2]',
    );
    expect(() => given([2, 3], [0, 1, 1, 2, 0, 0])).toThrow(/^labels\[1\]: label: expected a list of /);
  });

  test('labels that no example has give a warning, and rows may all have the same', () => {
    expect(
      checkClasses(
        [
          [1, 1, 0],
          [1, 1, 0.5],
        ],
        several,
      ),
    ).toEqual([
      { code: 'label_never_occurs', message: 'No example has the label "0": the model learns never to give it' },
    ]);
    expect(
      checkClasses(
        [
          [1, 1],
          [1, 1],
        ],
        measures,
      ),
    ).toEqual([]);
  });
});
