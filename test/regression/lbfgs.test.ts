import { expect, test } from 'vitest';
import { Breather } from '../../src/core/async/breather';
import { minimise, type Objective } from '../../src/regression/lbfgs';

/** The sum of (xᵢ − i)². */
const squares: Objective = async (x, gradient) => {
  for (const [i, one] of x.entries()) gradient[i] = 2 * (one - i);
  return x.reduce((sum, one, i) => sum + (one - i) ** 2, 0);
};
const options = { tolerance: 1e-9, most: 100, breather: new Breather() };

test.each([Number.NaN, Number.POSITIVE_INFINITY])(
  'an estimate of the curvature that divides to %d is left out',
  async (bad) => {
    const precondition = async (d: Float64Array): Promise<void> => void d.fill(bad);
    const { x, isConverged } = await minimise(squares, new Float64Array(3), { ...options, precondition });
    expect(isConverged).toBe(true);
    for (const [i, one] of x.entries()) expect(one).toBeCloseTo(i, 8);
  },
);

test.each<[string, Objective]>([
  ['value', async (x, gradient) => (await squares(x, gradient)) * Number.NaN],
  [
    'gradient',
    async (x, gradient) => {
      const value = await squares(x, gradient);
      gradient.fill(Number.NaN);
      return value;
    },
  ],
])('a %s that is no number is not converged', async (_, objective) => {
  const start = Float64Array.of(4, 5, 6);
  const found = await minimise(objective, start, options);
  expect(found).toMatchObject({ x: start, isConverged: false });
  expect(found.evaluations).toBeLessThan(5);
});
