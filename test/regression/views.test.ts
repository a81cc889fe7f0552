import { expect, test } from 'vitest';
import { type HeadRequest, judgeHead, type SolvedHead, solveHead } from '../../src/regression/solve_head';
import { noise, request } from './fixtures';

/** Repeats each row of `features` several times in succession. */
function repeatedRows(features: Float32Array, D: number, times: number): Float32Array<ArrayBuffer> {
  const all = new Float32Array(features.length * times);
  for (const [i, feature] of features.entries()) {
    for (let view = 0; view < times; view++) all[(Math.floor(i / D) * times + view) * D + (i % D)] = feature;
  }
  return all;
}

const closeTo = (got: SolvedHead, expected: SolvedHead): void => {
  for (const [i, weight] of expected.weight.entries()) expect(got.weight[i]).toBeCloseTo(weight, 5);
  for (const [k, bias] of expected.bias.entries()) expect(got.bias[k]).toBeCloseTo(bias, 5);
};

test.each(['single_label_classification', 'multi_label_classification', 'regression'] as const)(
  'learns views that equal their examples as the examples alone: %s',
  async (problem) => {
    const changes = problem === 'regression' ? { outputs: 1 } : {};
    const weights = Float64Array.from(noise(60), (x) => 2 + x);
    const several = { targets: Float64Array.from({ length: 120 }, (_, i) => Number(i % 3 === i % 2)) };
    const asked: HeadRequest = { ...request(60, 6, 2, { weights }), ...changes, problem };
    const given = problem === 'multi_label_classification' ? { ...asked, ...several } : asked;
    const alone = await solveHead(given);
    const seen = await solveHead({ ...given, views: repeatedRows(given.features, 6, 2) });
    closeTo(seen, alone);
    expect(seen).toMatchObject({ C: alone.C, accuracy: alone.accuracy });
    expect(seen.loss).toBeCloseTo(alone.loss, 6);
    // In cross-validation, each example is held out together with its views.
    expect(seen.crossValidated?.loss).toBeCloseTo(alone.crossValidated?.loss ?? 0, 4);
  },
);

test('learns views as further examples that share the weight, and judges the examples alone', async () => {
  const asked = request(30, 5, 3, { C: 20 });
  const views = noise(30 * 2 * 5, 3);
  const seen = await solveHead({ ...asked, views });
  const own = (row: number, view: number): readonly number[] =>
    view === 0
      ? [...asked.features.slice(row * 5, (row + 1) * 5)]
      : [...views.slice((row * 2 + view - 1) * 5, (row * 2 + view) * 5)];
  const rows = [...asked.targets.keys()];
  const features = Float32Array.from(rows.flatMap((row) => [0, 1, 2].flatMap((view) => own(row, view))));
  const targets = Float64Array.from({ length: 90 }, (_, row) => asked.targets[Math.floor(row / 3)] ?? 0);
  const apart = await solveHead({ ...asked, features, targets, weights: new Float64Array(90).fill(1 / 3) });
  closeTo(seen, apart);
  const judged = await judgeHead(asked, seen);
  expect(seen.loss).toBeCloseTo(judged.loss, 6);
  expect(seen.losses).toHaveLength(30);
});

test('names the example of a view that is not finite', async () => {
  const asked = request(6, 4, 2);
  const views = noise(6 * 2 * 4);
  views[4 * 2 * 3 + 5] = Number.NaN;
  await expect(solveHead({ ...asked, views })).rejects.toMatchObject({
    code: 'numerical_error',
    detail: { example: 3 },
  });
});
