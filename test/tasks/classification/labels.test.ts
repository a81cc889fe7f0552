import { describe, expect, test } from 'vitest';
import type { Labels } from '../../../src/models/labels';
import { checkClasses, targetOf } from '../../../src/tasks/classification/labels';

const classes: Labels = { names: ['ham', 'spam', '0'], problem: 'single_label_classification' };
const numbers: Labels = { names: ['LABEL_0'], problem: 'regression' };

test.each<[number | string, number]>([
  ['ham', 0],
  ['spam', 1],
  [1, 1],
  ['1', 1],
  [' 1 ', 1],
  // A name goes before an index.
  ['0', 2],
  [0, 2],
])('the label %j is class %i', (label, target) => {
  expect(targetOf(label, classes, 'row')).toBe(target);
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

test('what is no label is quoted short, and of many labels the first are named', () => {
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
  test('that are all there need no word', () => {
    expect(checkClasses([0, 1, 2, 1], classes)).toEqual([]);
  });

  test('that are missing are warned of', () => {
    expect(checkClasses([0, 1, 1], classes)).toEqual([
      { code: 'label_never_occurs', message: 'No example has the label "0": the model learns never to give it' },
    ]);
  });

  test('that are but one are refused', () => {
    const message = 'Expected examples of at least two classes, got 3 of "spam" alone';
    const error = expect.objectContaining({ code: 'invalid_argument', message });
    expect(() => checkClasses([1, 1, 1], classes)).toThrow(error);
  });

  test('don’t count where numbers are predicted', () => {
    expect(checkClasses([1, 1, 1], numbers)).toEqual([]);
  });
});
