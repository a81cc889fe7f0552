import { expect, test } from 'vitest';
import type { TrainingArguments } from '../../../src/core/types/training';
import type { Labels } from '../../../src/models/labels';
import { resolveTrainingArguments } from '../../../src/page/training/training_arguments';
import { expectClassifiable, rowWeights } from '../../../src/tasks/classification/classifier_arguments';

const classes: Labels = { names: ['ham', 'spam', 'eggs'], problem: 'single_label_classification' };
const numbers: Labels = { names: ['LABEL_0'], problem: 'regression' };
const several: Labels = { names: ['ham', 'spam'], problem: 'multi_label_classification' };
const check = (args: TrainingArguments, labels: Labels): void =>
  expectClassifiable(resolveTrainingArguments(args), labels);

test.each<[TrainingArguments, Labels, string]>([
  [{ packing: true }, classes, 'packing: expected to be left out, as a classifier reads each example by itself'],
  [{ packing: true }, numbers, 'packing: expected to be left out, as a classifier reads each example by itself'],
  [
    { completion_only_loss: false },
    classes,
    'completion_only_loss: expected to be left out, as a classifier predicts no tokens',
  ],
  [
    { label_smoothing_factor: 0.1 },
    numbers,
    'label_smoothing_factor: expected to be left out, as a model with one label has no classes',
  ],
  [
    { classWeights: 'balanced' },
    numbers,
    'classWeights: expected to be left out, as a model with one label has no classes',
  ],
  [
    { classWeights: 'balanced' },
    several,
    'classWeights: expected to be left out, as a model of several labels at once has no classes',
  ],
  [
    { label_smoothing_factor: 0.1 },
    { names: ['x', 'y'], problem: 'regression' },
    'label_smoothing_factor: expected to be left out, as a model of numbers has no classes',
  ],
  [
    { objective: 'contrast' },
    several,
    'objective: expected to be left out, as a model of several labels at once has no classes',
  ],
])('%j is refused', (args, labels, message) => {
  expect(() => check(args, labels)).toThrow(expect.objectContaining({ code: 'invalid_argument', message }));
});

test.each<[TrainingArguments, Labels]>([
  [{}, classes],
  [{}, numbers],
  [{}, several],
  [{ packing: false, label_smoothing_factor: 0.1, classWeights: { ham: 2 } }, classes],
  [{ objective: 'contrast' }, classes],
])('%j is taken', (args, labels) => {
  expect(() => check(args, labels)).not.toThrow();
});

test('rows weigh what their classes do', () => {
  const targets = [0, 0, 0, 1, 2, 2];
  expect(rowWeights(targets, null, classes)).toEqual([1, 1, 1, 1, 1, 1]);
  expect(rowWeights(targets, { spam: 3, eggs: 0 }, classes)).toEqual([1, 1, 1, 3, 0, 0]);
  const inherited: Labels = { ...classes, names: ['driver', 'constructor'] };
  expect(rowWeights([0, 1], { driver: 2 }, inherited)).toEqual([2, 1]);
  // Like scikit-learn, 'balanced' counts only the classes that occur.
  expect(rowWeights([0, 0, 1], 'balanced', classes)).toEqual([0.75, 0.75, 1.5]);
  // These are the weights of scikit-learn's compute_sample_weight('balanced', targets).
  expect(rowWeights(targets, 'balanced', classes)).toEqual([2 / 3, 2 / 3, 2 / 3, 2, 1, 1]);
});

test('weights beyond float32 are refused, and the hint names the label', () => {
  const args = (eggs: number): TrainingArguments => ({ classWeights: { spam: 3, eggs } });
  const error = expect.objectContaining({
    code: 'invalid_argument',
    message: expect.stringMatching(/^TrainingArguments: classWeights: expected 'balanced', or a number above 0/),
    hint: 'The weight of "eggs" is above 3.4e38, and too large for float32.',
  });
  expect(() => resolveTrainingArguments(args(1e39))).toThrow(error);
  expect(resolveTrainingArguments(args(3e38)).classWeights).toEqual({ spam: 3, eggs: 3e38 });
});

test('weights of unknown labels are refused, with the nearest label', () => {
  const message = 'classWeights: expected labels of the model, got "Spam"';
  const error = expect.objectContaining({ code: 'invalid_argument', message, hint: expect.stringContaining('spam') });
  expect(() => rowWeights([0, 1], { Spam: 2 }, classes)).toThrow(error);
});
