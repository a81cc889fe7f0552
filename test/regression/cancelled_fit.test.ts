import { afterEach, expect, test, vi } from 'vitest';
import { Breather } from '../../src/core/async/breather';
import { CLASSES } from '../../src/regression/class_solver';
import { fitLogistic, softmaxLink } from '../../src/regression/logistic';
import { NUMBERS } from '../../src/regression/number_solver';

afterEach(() => void vi.restoreAllMocks());

const N = 6;
const D = 2;
const features = Float64Array.from({ length: N * D }, (_, i) => Math.sin(i));
const learnt = { N, D, features, targets: new Float64Array(N), T: 1, weights: new Float64Array(N).fill(1) };
const rows = Int32Array.from({ length: N }, (_, row) => row);
const usual = { C: 1, tolerance: 1e-6 };

test('a fit of many classes gives way, and can be cancelled, after each class that it divides by the curvature', async () => {
  const cancel = new AbortController();
  const divide = vi.fn(() => cancel.abort(new Error('cancelled')));
  const link = softmaxLink((row) => row);
  const fit = fitLogistic(
    { examples: learnt, rows, outputs: N, link, hasBias: true },
    { ...usual, breather: new Breather(cancel.signal), curvature: { divide, ofBias: 1 } },
  );
  await expect(fit).rejects.toThrow('cancelled');
  expect(divide).toHaveBeenCalledTimes(1);
});

test('the bias of classes without examples is computed with pauses, too', async () => {
  const problem = { examples: learnt, learnt, rowsEach: 1, outputs: 2, hasBias: true };
  const breather = new Breather(AbortSignal.abort(new Error('cancelled')));
  await expect(CLASSES.fit(problem, rows, { ...usual, breather })).rejects.toThrow('cancelled');
});

test.each([
  ['fewer features than examples', rows],
  ['more features than examples', rows.subarray(0, 1)],
])('a fit of many numbers gives way before each of them, with %s', async (_, fitted) => {
  const breathe = vi.spyOn(Breather.prototype, 'breathe');
  const breathsWith = async (T: number): Promise<number> => {
    breathe.mockClear();
    const many = { ...learnt, T, targets: new Float64Array(N * T) };
    const problem = { examples: many, learnt: many, rowsEach: 1, outputs: T, hasBias: true };
    await NUMBERS.fit(problem, fitted, { ...usual, breather: new Breather() });
    return breathe.mock.calls.length;
  };
  expect((await breathsWith(50)) - (await breathsWith(1))).toBe(49);
});
