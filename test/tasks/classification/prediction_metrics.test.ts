import { expect, test } from 'vitest';
import type { Labels } from '../../../src/models/labels';
import {
  predictedClasses,
  predictionMetricNames,
  predictionMetrics,
  predictionsOf,
} from '../../../src/tasks/classification/prediction_metrics';

const classes: Labels = { names: ['a', 'b', 'c', 'd'], problem: 'single_label_classification' };
const numbers: Labels = { names: ['LABEL_0'], problem: 'regression' };

/** Metrics computed by scikit-learn 1.9.1: accuracy_score, and f1_score with average='macro'. */
test.each([
  { predicted: [0, 1, 2, 2, 1, 0, 0], targets: [0, 1, 2, 1, 1, 0, 2], accuracy: 5 / 7, f1: 0.7 },
  { predicted: [0, 0, 0, 0], targets: [0, 1, 0, 1], accuracy: 0.5, f1: 1 / 3 },
  { predicted: [3, 3, 1], targets: [1, 3, 1], accuracy: 2 / 3, f1: 2 / 3 },
  { predicted: [1, 1, 1], targets: [0, 0, 0], accuracy: 0, f1: 0 },
  { predicted: [0, 1, 0, 1], targets: [0, 1, 0, 1], accuracy: 1, f1: 1 },
])('of classes $predicted, where $targets are right', ({ predicted, targets, accuracy, f1 }) => {
  const metrics = predictionMetrics(predicted, targets, classes);
  expect(metrics.accuracy).toBeCloseTo(accuracy, 14);
  expect(metrics.f1).toBeCloseTo(f1, 14);
  expect(Object.keys(metrics)).toEqual(predictionMetricNames(classes));
});

/** Metrics computed by SciPy 1.17.1: pearsonr and spearmanr. */
test.each([
  {
    predicted: [0.1, 0.4, 0.35, 0.8, -1.2],
    targets: [0, 0.5, 0.5, 1, -2],
    pearson: 0.9982295648551707,
    spearman: 0.9746794344808964,
  },
  { predicted: [1, 2, 3, 4], targets: [1, 4, 9, 16], pearson: 0.9843740386976972, spearman: 1 },
  { predicted: [3, 1, 2, 2], targets: [1, 1, 5, 0], pearson: 0, spearman: 0 },
  { predicted: [1, 2], targets: [2, 1], pearson: -1, spearman: -1 },
])('of numbers $predicted, where $targets are right', ({ predicted, targets, pearson, spearman }) => {
  const metrics = predictionMetrics(predicted, targets, numbers);
  expect(metrics.pearson).toBeCloseTo(pearson, 14);
  expect(metrics.spearman).toBeCloseTo(spearman, 14);
  expect(Object.keys(metrics)).toEqual(predictionMetricNames(numbers));
});

test('numbers that don’t vary have no correlation', () => {
  expect(predictionMetrics([1, 1, 1], [1, 2, 3], numbers)).toEqual({ pearson: Number.NaN, spearman: Number.NaN });
});

test('the class of the highest logit is predicted, of equals the first', () => {
  const logits = Float32Array.of(-3, -1, -2, 0, 5, 5, -1, -1, -1);
  expect(predictedClasses(logits, 3)).toEqual([1, 1, 0]);
  expect(predictedClasses(new Float32Array(0), 3)).toEqual([]);
});

const several: Labels = { names: ['a', 'b', 'c'], problem: 'multi_label_classification' };

/** Metrics of rows with several labels, computed by scikit-learn's accuracy_score and f1_score with average='macro' and 'micro'. */
test.each([
  {
    // Label a is always right, b is predicted once too often, and c once too seldom.
    ...{ predicted: [1, 0, 0, 0, 0, 0, 1, 1, 0, 0, 1, 1], targets: [1, 0, 1, 0, 0, 0, 1, 1, 0, 0, 0, 1] },
    ...{ accuracy: 1 / 2, f1: (1 + 2 / 3 + 2 / 3) / 3, f1_micro: 4 / 5 },
  },
  // No row has label b or c, and neither is predicted.
  { predicted: [1, 0, 0], targets: [1, 0, 0], accuracy: 1, f1: 1 / 3, f1_micro: 1 },
  { predicted: [0, 0, 0], targets: [0, 0, 0], accuracy: 1, f1: 0, f1_micro: 0 },
  // A target above one half counts as the label.
  { predicted: [1, 0, 0], targets: [0.75, 0.5, 0.25], accuracy: 1, f1: 1 / 3, f1_micro: 1 },
])('of several labels $predicted, where $targets are right', ({ predicted, targets, accuracy, f1, f1_micro }) => {
  const metrics = predictionMetrics(predicted, targets, several);
  expect(metrics.accuracy).toBeCloseTo(accuracy, 14);
  expect(metrics.f1).toBeCloseTo(f1, 14);
  expect(metrics.f1_micro).toBeCloseTo(f1_micro, 14);
  expect(Object.keys(metrics)).toEqual(predictionMetricNames(several));
});

test('of several numbers the correlations are the means of each number’s', () => {
  const [x, y] = [
    [0.1, 0.4, 0.35, 0.8, -1.2],
    [1, 2, 3, 4, 3.5],
  ];
  const [wantedX, wantedY] = [
    [0, 0.5, 0.5, 1, -2],
    [1, 4, 9, 16, 2],
  ];
  const rows = (left: readonly number[], right: readonly number[]) => left.flatMap((one, row) => [one, right[row]!]);
  const both = predictionMetrics(rows(x!, y!), rows(wantedX!, wantedY!), { ...numbers, names: ['x', 'y'] });
  const [ofX, ofY] = [predictionMetrics(x!, wantedX!, numbers), predictionMetrics(y!, wantedY!, numbers)];
  for (const name of ['pearson', 'spearman']) expect(both[name]).toBeCloseTo((ofX[name]! + ofY[name]!) / 2, 14);
});

test('predicted labels have a score above a half, and numbers are given unchanged', () => {
  const logits = Float32Array.of(-1, 0, 0.5, 2, -2, 1e-3);
  expect(predictionsOf(logits, several)).toEqual([0, 0, 1, 1, 0, 1]);
  expect(predictionsOf(logits, { ...numbers, names: ['x', 'y'] })).toEqual([...logits]);
  expect(predictionsOf(logits, { ...several, problem: 'single_label_classification' })).toEqual([2, 0]);
});
