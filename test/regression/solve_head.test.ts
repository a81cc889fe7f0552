import { describe, expect, test } from 'vitest';
import {
  calibrateHead,
  type HeadRequest,
  judgeHead,
  type SolvedHead,
  solveHead,
  USUAL_C,
} from '../../src/regression/solve_head';
import { noise, request } from './fixtures';

const largest = (numbers: Float32Array): number => numbers.reduce((most, one) => Math.max(most, Math.abs(one)), 0);

function probabilities({ weight, bias }: SolvedHead, features: Float32Array): number[] {
  const scores = [...bias].map((start, k) =>
    features.reduce((sum, x, i) => sum + x * weight[k * features.length + i]!, start),
  );
  const powers = scores.map((score) => Math.exp(score - Math.max(...scores)));
  return powers.map((power) => power / powers.reduce((a, b) => a + b, 0));
}

const codes = ({ warnings }: SolvedHead): string[] => warnings.map(({ code }) => code);

test('solves for a head that predicts held-out examples, and gives the same bits again', async () => {
  const asked = request(90, 12, 3);
  const solved = await solveHead(asked);
  expect(solved.accuracy).toBeGreaterThan(0.9);
  expect(solved.crossValidated?.folds).toBe(5);
  expect(solved.crossValidated?.accuracy).toBeGreaterThan(0.85);
  expect(solved.crossValidated?.loss).toBeGreaterThan(solved.loss);
  expect(solved.warnings).toEqual([]);
  const again = await solveHead(asked);
  expect(again.weight).toEqual(solved.weight);
  expect(again.bias).toEqual(solved.bias);
});

test('counts confusions between classes, for held-out examples and for others', async () => {
  const asked = request(90, 12, 3);
  const solved = await solveHead(asked);
  const { confusion, accuracy, losses, loss } = solved.crossValidated!;
  const perClass = [0, 1, 2].map((label) => asked.targets.filter((target) => target === label).length);
  expect(confusion!.map((row) => row.reduce((sum, count) => sum + count))).toEqual(perClass);
  expect(confusion!.reduce((sum, row, label) => sum + row[label]!, 0) / 90).toBe(accuracy);
  expect(losses.reduce((sum, each) => sum + each) / 90).toBeCloseTo(loss, 12);
  const weights = asked.weights.map((_, row) => 1 + (row % 3));
  const judged = await judgeHead({ ...asked, weights }, solved);
  expect(judged.losses.reduce((sum, each) => sum + each) / 90).toBeCloseTo(judged.loss, 12);
  const numbers = await solveHead({ ...asked, problem: 'regression', outputs: 1 });
  expect(numbers.crossValidated?.confusion).toBeNull();
});

test('calibrates a head over other examples: one that is too sure of itself, or too unsure, gets the same loss', async () => {
  const asked = request(60, 12, 3);
  const part = (from: number, to: number): HeadRequest => ({
    ...asked,
    features: asked.features.slice(from * 12, to * 12),
    targets: asked.targets.slice(from, to),
    weights: asked.weights.slice(from, to),
  });
  const [learnt, others] = [part(0, 36), part(36, 60)];
  const solved = await solveHead({ ...learnt, C: 1 });
  const { loss, losses, scale, accuracy } = await calibrateHead(others, solved);
  expect(losses.reduce((sum, each) => sum + each) / losses.length).toBeCloseTo(loss, 12);
  expect(accuracy).toBe((await judgeHead(others, solved)).accuracy);
  for (const factor of [1 / 16, 16]) {
    const scaled = { weight: solved.weight.map((w) => factor * w), bias: solved.bias.map((b) => factor * b) };
    const again = await calibrateHead(others, scaled);
    // The search finds the logarithm of the scale with a precision of 0.02.
    expect(Math.abs(Math.log((again.scale * factor) / scale))).toBeLessThan(0.04);
    expect(again.loss).toBeCloseTo(loss, 3);
    expect((await judgeHead(others, scaled)).loss).toBeGreaterThan(loss);
  }
});

test('a factor for numbers stays 1', async () => {
  const asked = request(20, 3, 1, { problem: 'regression' });
  expect(await calibrateHead(asked, await solveHead(asked))).toMatchObject({ scale: 1 });
});

test('takes three folds for many examples', async () => {
  expect((await solveHead(request(400, 3, 2))).crossValidated?.folds).toBe(3);
});

test('takes a strong penalty, and scales the scores so that they are as sure as they are right', async () => {
  const asked = request(60, 12, 3);
  const solved = await solveHead(asked);
  expect(solved.C).toBe(1);
  expect(solved.scale).toBeGreaterThan(1.2);
  const unit = await solveHead({ ...asked, C: 1 });
  expect(unit.scale).toBe(1);
  for (const [i, weight] of unit.weight.entries()) expect(solved.weight[i]).toBeCloseTo(solved.scale * weight, 3);
  const others = { ...request(3000, 12, 3), C: 1 };
  const losses = await Promise.all([unit, solved].map((head) => judgeHead(others, head)));
  expect(losses[1]?.accuracy).toBe(losses[0]?.accuracy);
  expect(losses[1]?.loss).toBeLessThan(losses[0]?.loss ?? 0);
});

test('takes a weak penalty where that is clearly better', async () => {
  const asked = request(900, 2, 2);
  // The second feature separates the classes, though it varies little.
  const features = asked.features.map((one, i) => (i % 2 === 0 ? one : 0.02 * (asked.targets[(i - 1) / 2] ?? 0)));
  expect((await solveHead({ ...asked, features })).C).toBeGreaterThan(1);
});

test('is less sure of few examples, even if it is right about all of them', async () => {
  const sure = async (N: number): Promise<number> => {
    const targets = Float64Array.from({ length: N }, (_, row) => row % 2);
    const features = Float32Array.from(targets, (target) => 2 * target - 1);
    const solved = await solveHead({ ...request(N, 1, 2), features, targets });
    return Math.max(...probabilities(solved, Float32Array.of(1)));
  };
  const [few, many] = [await sure(6), await sure(200)];
  expect(few).toBeGreaterThan(0.8);
  expect(few).toBeLessThan(0.99);
  expect(many).toBeGreaterThan(few);
});

test('gives the same probabilities for features of another scale and another origin', async () => {
  const asked = request(40, 6, 3, { C: 3 });
  const solved = await solveHead(asked);
  const moved = await solveHead({ ...asked, features: asked.features.map((one) => 64 * one + 32) });
  const one = asked.features.slice(0, 6);
  const expected = probabilities(solved, one);
  const got = probabilities(
    moved,
    one.map((x) => 64 * x + 32),
  );
  for (const [k, probability] of expected.entries()) expect(got[k]).toBeCloseTo(probability, 4);
});

test('has the strength of scikit-learn for features of length 1 around 0', async () => {
  const features = Float32Array.of(1, 0, -1, 0, 0, 1, 0, -1);
  const asked = { ...request(4, 2, 2), features, targets: Float64Array.of(0, 1, 0, 1), C: 2, hasBias: false };
  const apart = await solveHead(asked);
  const twice = await solveHead({ ...asked, features: features.map((one) => 2 * one) });
  for (const [i, weight] of apart.weight.entries()) expect(twice.weight[i]).toBeCloseTo(weight / 2, 6);
});

test('rejects examples of one class alone', async () => {
  const asked = request(5, 4, 2, { targets: new Float64Array(5).fill(1) });
  await expect(solveHead(asked)).rejects.toMatchObject({ code: 'invalid_argument', detail: { classes: 1 } });
});

test('takes the usual strength without cross-validation where each class has one example', async () => {
  const solved = await solveHead(request(3, 4, 3));
  expect(solved).toMatchObject({ C: USUAL_C, crossValidated: null, accuracy: 1 });
});

test('holds out the only example of a class too', async () => {
  const asked = request(12, 4, 2, { targets: Float64Array.from({ length: 12 }, (_, row) => Number(row === 0)) });
  const solved = await solveHead(asked);
  expect(solved.crossValidated?.loss).toBeLessThan(1);
  expect(solved.crossValidated?.loss).toBeGreaterThan(0.1);
});

test("predicts a class without examples by Laplace's rule", async () => {
  const asked = request(30, 6, 2, { outputs: 4, C: 1 });
  const solved = await solveHead(asked);
  const [, , third = 0, fourth = 0] = probabilities(solved, asked.features.slice(0, 6));
  expect(third).toBeCloseTo(fourth, 12);
  expect(third).toBeGreaterThan(0.2 / 32);
  expect(third).toBeLessThan(5 / 32);
});

test('gives equal texts with different labels equal probabilities', async () => {
  const solved = await solveHead(request(4, 3, 2, { features: new Float32Array(12).fill(0.5), C: 10 }));
  expect(codes(solved)).toEqual(['equal_features']);
  expect(probabilities(solved, new Float32Array(3).fill(0.5))).toEqual([0.5, 0.5]);
  const mixed = request(6, 3, 2);
  const doubled = Float32Array.of(...mixed.features, ...mixed.features);
  const targets = Float64Array.of(...mixed.targets, ...mixed.targets.map((target) => 1 - target));
  const both = await solveHead({ ...mixed, features: doubled, targets, weights: new Float64Array(12).fill(1), C: 10 });
  for (const probability of probabilities(both, mixed.features.slice(0, 3))) expect(probability).toBeCloseTo(0.5, 4);
});

test('learns how common classes are where all features are the same', async () => {
  const targets = Float64Array.of(0, 0, 0, 1);
  const solved = await solveHead(request(4, 3, 2, { features: new Float32Array(12).fill(0.1), targets, C: 1 }));
  const [first, second] = probabilities(solved, new Float32Array(3).fill(0.1));
  expect(first).toBeCloseTo(0.75, 4);
  expect(second).toBeCloseTo(0.25, 4);
});

test.each([Number.NaN, Number.POSITIVE_INFINITY])('rejects features of %s, and names the example', async (bad) => {
  const asked = request(6, 4, 2);
  asked.features[9] = bad;
  await expect(solveHead(asked)).rejects.toMatchObject({ code: 'numerical_error', detail: { example: 2 } });
});

test('rejects more features than memory should hold before it copies any', async () => {
  const asked = { ...request(2, 4, 2), D: 2 ** 21 };
  await expect(solveHead(asked)).rejects.toMatchObject({ code: 'limit_exceeded' });
});

test('solves for two hundred classes', async () => {
  const solved = await solveHead(request(400, 16, 200, { C: 1 }));
  expect(solved.weight).toHaveLength(3200);
  expect(solved.accuracy).toBeGreaterThan(0.5);
});

test('solves for ten thousand examples', async () => {
  const solved = await solveHead(request(10_000, 8, 2, { C: 1 }));
  expect(solved.loss).toBeLessThan(0.5);
});

test('gives way, and ends with the reason of its signal', async () => {
  const controller = new AbortController();
  const solving = solveHead(request(4000, 64, 20, { signal: controller.signal, C: 1000 }));
  const reason = new Error('enough');
  setTimeout(() => controller.abort(reason));
  await expect(solving).rejects.toBe(reason);
});

test('solves for several labels at once; a label that all have, or none, has only a bias', async () => {
  const asked = request(30, 5, 2);
  const targets = Float64Array.from([...asked.targets].flatMap((own) => [own, 1, 0]));
  const solved = await solveHead({ ...asked, problem: 'multi_label_classification', outputs: 3, targets });
  expect(solved.accuracy).toBeGreaterThan(0.9);
  expect(solved.bias[1]).toBeCloseTo(Math.log(31), 5);
  expect(solved.bias[2]).toBeCloseTo(-Math.log(31), 5);
  expect([...solved.weight.subarray(5)].every((weight) => weight === 0)).toBe(true);
});

test('solves for numbers', async () => {
  const asked = request(40, 3, 2);
  const targets = Float64Array.from({ length: 40 }, (_, row) => 3 * asked.features[3 * row]! - 2);
  const solved = await solveHead({ ...asked, problem: 'regression', outputs: 1, targets });
  expect(solved.accuracy).toBeNull();
  expect(solved.loss).toBeLessThan(1e-3);
  expect(solved.weight[0]).toBeCloseTo(3, 1);
  expect(solved.bias[0]).toBeCloseTo(-2, 1);
});

test('needs few evaluations for features that vary far more in some directions than in others', async () => {
  const asked = request(120, 24, 3, { C: 1000 });
  const features = asked.features.map((one, i) => one / (1 + (i % 24)) ** 2);
  const solved = await solveHead({ ...asked, features });
  expect(solved.warnings).toEqual([]);
  // The limit shows that the solver estimates the curvature: without an estimate it needs some hundreds of evaluations.
  expect(solved.evaluations).toBeLessThan(150);
});

describe('with fewer examples than features, a penalty below rounding', () => {
  const strengths = [1e9, 1e14, 1e18, Number.MAX_VALUE];

  test.each(strengths)('still gives the head of all classes: C %d', async (C) => {
    const solved = await solveHead(request(60, 64, 2, { C }));
    expect(solved).toMatchObject({ accuracy: 1, warnings: [] });
    expect(solved.loss).toBeLessThan(1e-5);
    expect(largest(solved.weight)).toBeGreaterThan(1);
    expect(largest(solved.weight)).toBeLessThan(20);
  });

  test.each(strengths)('still gives the shortest of the maps to numbers: C %d', async (C) => {
    const numbers = { problem: 'regression', outputs: 1, targets: Float64Array.from(noise(60, 5)) } as const;
    const solved = await solveHead(request(60, 64, 2, { ...numbers, C }));
    const usual = await solveHead(request(60, 64, 2, { ...numbers, C: 1e8 }));
    expect(solved.loss).toBeLessThan(1e-12);
    for (const [i, weight] of usual.weight.entries()) expect(solved.weight[i]).toBeCloseTo(weight, 4);
  });
});
