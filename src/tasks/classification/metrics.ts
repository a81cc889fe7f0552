import type { Labels } from '../../models/labels';

/** The class with the highest logit of each of the rows: (rows, labels). The first of equals, as torch's argmax on a CPU. */
export function predictedClasses(logits: Float32Array, labels: number): number[] {
  return Array.from({ length: logits.length / labels }, (_, row) => {
    let best = 0;
    for (let label = 1; label < labels; label++) {
      if ((logits[row * labels + label] ?? 0) > (logits[row * labels + best] ?? 0)) best = label;
    }
    return best;
  });
}

export function predictionMetricNames({ problem }: Labels): readonly string[] {
  return problem === 'regression' ? ['pearson', 'spearman'] : ['accuracy', 'f1'];
}

/** What users compare of predictions: accuracy and the macro F1 of classes, the correlations of numbers. */
export function predictionMetrics(
  predicted: readonly number[],
  targets: readonly number[],
  { problem }: Labels,
): Readonly<Record<string, number>> {
  return problem === 'regression'
    ? { pearson: pearson(predicted, targets), spearman: pearson(ranks(predicted), ranks(targets)) }
    : { accuracy: accuracy(predicted, targets), f1: macroF1(predicted, targets) };
}

function accuracy(predicted: readonly number[], targets: readonly number[]): number {
  return predicted.filter((label, row) => label === targets[row]).length / targets.length;
}

/** The mean of each class' F1, as scikit-learn takes it: over the classes that are there or were predicted. */
function macroF1(predicted: readonly number[], targets: readonly number[]): number {
  const counts = new Map<number, { hit: number; said: number; true: number }>();
  const of = (label: number) => {
    const known = counts.get(label) ?? { hit: 0, said: 0, true: 0 };
    counts.set(label, known);
    return known;
  };
  for (const [row, target] of targets.entries()) {
    const label = predicted[row] ?? 0;
    of(target).true++;
    of(label).said++;
    if (label === target) of(label).hit++;
  }
  const each = [...counts.values()].map(({ hit, said, true: there }) => (2 * hit) / (said + there));
  return each.reduce((sum, f1) => sum + f1, 0) / each.length;
}

/** Pearson's correlation; NaN where either doesn't vary, as in SciPy. */
function pearson(x: readonly number[], y: readonly number[]): number {
  const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;
  const [meanX, meanY] = [mean(x), mean(y)];
  let [xy, xx, yy] = [0, 0, 0];
  for (const [row, value] of x.entries()) {
    const [dx, dy] = [value - meanX, (y[row] ?? 0) - meanY];
    xy += dx * dy;
    xx += dx * dx;
    yy += dy * dy;
  }
  return xy / Math.sqrt(xx * yy);
}

/** Ranks from 1; equals share the mean of theirs. */
function ranks(values: readonly number[]): number[] {
  const order = values.map((_, row) => row).sort((a, b) => (values[a] ?? 0) - (values[b] ?? 0));
  const result = new Array<number>(values.length).fill(0);
  for (let start = 0; start < order.length; ) {
    const value = values[order[start] ?? 0];
    let end = start + 1;
    while (end < order.length && values[order[end] ?? 0] === value) end++;
    for (const row of order.slice(start, end)) result[row] = (start + 1 + end) / 2;
    start = end;
  }
  return result;
}
