import { expect, test } from 'vitest';
import { solveHead, USUAL_C } from '../../src/regression/solve_head';
import { noise, request } from './fixtures';

/** Returns N examples of `labels` labels. Whether an example has a label depends on one of the features, which otherwise are noise. */
function labelled(N: number, labels: number, D = 6) {
  const features = noise(N * D, 3);
  const targets = Float64Array.from({ length: N * labels }, (_, i) => {
    const row = Math.floor(i / labels);
    return Number(features[row * D + (i % labels)]! > 0);
  });
  return request(N, D, labels, { problem: 'multi_label_classification', outputs: labels, features, targets });
}

test('holds examples out in turn whose sets of labels are all different', async () => {
  // The 16 sets of four labels, in an order that folds can't follow.
  const targets = Float64Array.from({ length: 64 }, (_, i) => ((7 * Math.floor(i / 4)) >> (i % 4)) % 2);
  const sets = Array.from({ length: 16 }, (_, row) => targets.subarray(4 * row, 4 * row + 4).join());
  expect(new Set(sets).size).toBe(16);
  const features = noise(64, 5).map((one, i) => 0.3 * one + targets[i]!);
  const asked = request(16, 4, 4, { problem: 'multi_label_classification', features, targets });
  const solved = await solveHead(asked);
  expect(solved.crossValidated).toMatchObject({ folds: 5 });
  expect(solved.crossValidated!.losses).toHaveLength(16);
  expect(solved.crossValidated!.loss).toBeLessThan(Math.LN2);
});

test('takes as many folds as the most common label has examples, not as the most common set has', async () => {
  const asked = labelled(32, 4);
  expect((await solveHead(asked)).crossValidated?.folds).toBe(5);
  const few = Float64Array.of(1, 0, 0, 1, 1, 0, 0, 0, 1, 0, 0, 1);
  expect((await solveHead({ ...labelled(4, 3), targets: few })).crossValidated?.folds).toBe(2);
});

test('probabilities on the same side of one half count as the same set', async () => {
  const asked = labelled(40, 3);
  const soft = asked.targets.map((target, i) => Math.abs(target - 1e-6 * (1 + (i % 7))));
  const [hard, softly] = [await solveHead(asked), await solveHead({ ...asked, targets: soft })];
  expect(softly.crossValidated).toMatchObject({ folds: 5, accuracy: hard.crossValidated!.accuracy });
  expect(softly.crossValidated!.loss).toBeCloseTo(hard.crossValidated!.loss, 3);
});

test('takes the usual strength without cross-validation where no two examples share a label or a set', async () => {
  const targets = Float64Array.of(1, 0, 0, 0, 1, 0, 0, 0, 1);
  expect(await solveHead({ ...labelled(3, 3), targets })).toMatchObject({ C: USUAL_C, crossValidated: null });
});
