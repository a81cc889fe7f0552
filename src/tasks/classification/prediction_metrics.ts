import { type Labels, targetsPerRow } from '../../models/labels';
import { pearson, spearman } from './correlation';
import { ONE_HALF } from './example_labels';

type Numbers = readonly number[];

/**
 * Returns the predictions for logits (rows, labels): each row's class, or 0 or 1 for each label, or the predicted number for each label.
 */
export function predictionsOf(logits: Float32Array, { names, problem }: Labels): number[] {
  if (problem === 'single_label_classification') return predictedClasses(logits, names.length);
  return problem === 'regression' ? [...logits] : Array.from(logits, (logit) => Number(logit > 0));
}

/**
 * Returns the class with the highest logit in each row of logits (rows, labels). If several logits are highest, the first one counts, as in
 * torch's argmax on a CPU.
 */
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
  const names = {
    single_label_classification: ['accuracy', 'f1'],
    multi_label_classification: ['accuracy', 'f1', 'f1_micro'],
    regression: ['pearson', 'spearman'],
  };
  return names[problem];
}

/**
 * Computes metrics from predictions and targets, both (rows, targets per row). For classes: accuracy and macro F1. For several labels at
 * once: the share of rows with all labels right, macro F1 and micro F1. For numbers: correlations, averaged if a row has several numbers.
 */
export function predictionMetrics(
  predicted: Numbers,
  targets: Numbers,
  labels: Labels,
): Readonly<Record<string, number>> {
  if (labels.problem === 'single_label_classification') {
    return { accuracy: accuracy(predicted, targets), f1: macroF1(predicted, targets) };
  }
  const count = targetsPerRow(labels);
  if (labels.problem === 'multi_label_classification') return severalLabels(predicted, targets, count);
  const ofEach = (correlation: typeof pearson): number =>
    mean(labels.names.map((_, label) => correlation(column(predicted, label, count), column(targets, label, count))));
  return { pearson: ofEach(pearson), spearman: ofEach(spearman) };
}

function accuracy(predicted: Numbers, targets: Numbers): number {
  return predicted.filter((label, row) => label === targets[row]).length / targets.length;
}

/** The number of rows where a label is predicted correctly (`hit`), is predicted (`said`), and is present (`true`). */
interface Counts {
  hit: number;
  said: number;
  true: number;
}

/** Returns the mean of the classes' F1, as in scikit-learn: over the classes that occur in the targets or the predictions. */
function macroF1(predicted: Numbers, targets: Numbers): number {
  const counts = new Map<number, Counts>();
  const of = (label: number): Counts => {
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
  return mean([...counts.values()].map(f1));
}

/**
 * Computes metrics of rows with `count` labels each. As in scikit-learn, a label that no row has and that is never predicted has an F1 of
 * 0.
 */
function severalLabels(predicted: Numbers, targets: Numbers, count: number): Readonly<Record<string, number>> {
  const each = Array.from({ length: count }, (): Counts => ({ hit: 0, said: 0, true: 0 }));
  const all: Counts = { hit: 0, said: 0, true: 0 };
  const wrong = new Set<number>();
  for (const [index, target] of targets.entries()) {
    const [said, there] = [predicted[index] === 1, target > ONE_HALF];
    for (const counts of [each[index % count] ?? all, all]) {
      counts.said += Number(said);
      counts.true += Number(there);
      counts.hit += Number(said && there);
    }
    if (said !== there) wrong.add(Math.floor(index / count));
  }
  return { accuracy: 1 - wrong.size / (targets.length / count), f1: mean(each.map(f1)), f1_micro: f1(all) };
}

function f1({ hit, said, true: there }: Counts): number {
  return said + there === 0 ? 0 : (2 * hit) / (said + there);
}

function column(values: Numbers, label: number, count: number): number[] {
  return Array.from({ length: values.length / count }, (_, row) => values[row * count + label] ?? 0);
}

function mean(values: Numbers): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
