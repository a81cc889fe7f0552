import { expect, test } from 'vitest';
import { Breather } from '../../src/core/async/breather';
import { CLASSES } from '../../src/regression/class_solver';
import { LABELS } from '../../src/regression/label_solver';
import { allRows, type LinearMap, scoreRow } from '../../src/regression/labelled_features';
import { NUMBERS } from '../../src/regression/number_solver';
import { TOLERANCE } from '../../src/regression/solve_head';
import { examplesOf, solvedRows } from './fixtures';

/** The largest allowed difference from scikit-learn's predictions. */
const ALLOWED = 1e-4;

function softmax(scores: Float64Array): Float64Array {
  const powers = scores.map((score) => Math.exp(score - Math.max(...scores)));
  const sum = powers.reduce((a, b) => a + b, 0);
  return powers.map((power) => power / sum);
}

const sigmoid = (scores: Float64Array): Float64Array => scores.map((score) => 1 / (1 + Math.exp(-score)));

/** Returns the solver for a situation, and the function that turns scores into predictions. */
function kindOf(situation: string) {
  if (situation.includes('classes')) return { solver: CLASSES, predict: softmax };
  if (situation.includes('labels')) return { solver: LABELS, predict: sigmoid };
  return { solver: NUMBERS, predict: (scores: Float64Array) => scores };
}

function predictions(map: LinearMap, others: readonly number[], D: number, predict: (s: Float64Array) => Float64Array) {
  const N = others.length / D;
  const features = Float64Array.from(others);
  const examples = { N, D, T: 1, features, targets: new Float64Array(N), weights: new Float64Array(N).fill(1) };
  return Array.from({ length: N }, (_, row) => {
    const scores = new Float64Array(map.outputs);
    scoreRow(map, examples, row, scores);
    return [...predict(scores)];
  }).flat();
}

test.each(solvedRows)('predicts as scikit-learn: $situation', async (row) => {
  const examples = examplesOf(row);
  const { solver, predict } = kindOf(row.situation);
  const problem = { examples, learnt: examples, rowsEach: 1, outputs: row.outputs, hasBias: row.has_bias };
  const options = { C: row.C, tolerance: TOLERANCE, breather: new Breather() };
  const { map, isConverged } = await solver.fit(problem, allRows(examples.N), options);
  expect(isConverged).toBe(true);
  const got = predictions(map, row.others, row.D, predict);
  expect(got).toHaveLength(row.predictions.length);
  for (const [index, expected] of row.predictions.entries()) {
    expect(Math.abs((got[index] as number) - expected), `prediction ${index}`).toBeLessThan(ALLOWED);
  }
});

test.each(solvedRows.filter(({ C }) => C === 100))(
  'begins from another solution, and ends at the same: $situation',
  async (row) => {
    const examples = examplesOf(row);
    const { solver } = kindOf(row.situation);
    const problem = { examples, learnt: examples, rowsEach: 1, outputs: row.outputs, hasBias: row.has_bias };
    const options = { tolerance: TOLERANCE, breather: new Breather() };
    const rows = allRows(examples.N);
    const anew = await solver.fit(problem, rows, { ...options, C: 100 });
    const { map: start } = await solver.fit(problem, rows, { ...options, C: 1 });
    const onwards = await solver.fit(problem, rows, { ...options, C: 100, start });
    for (const [index, weight] of anew.map.weight.entries()) expect(onwards.map.weight[index]).toBeCloseTo(weight, 3);
  },
);
