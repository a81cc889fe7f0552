import { expect, test } from 'vitest';
import type { Labels } from '../../../src/models/labels';
import { predictedClasses, predictionMetricNames, predictionMetrics } from '../../../src/tasks/classification/metrics';

const classes: Labels = { names: ['a', 'b', 'c', 'd'], problem: 'single_label_classification' };
const numbers: Labels = { names: ['LABEL_0'], problem: 'regression' };

/** By scikit-learn 1.9.1: accuracy_score, and f1_score with average='macro'. */
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

/** By SciPy 1.17.1: pearsonr and spearmanr. */
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
