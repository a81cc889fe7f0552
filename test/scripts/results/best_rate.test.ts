import { expect, test } from 'vitest';
import { bestOfRates } from '../../../scripts/results/best_rate.mjs';

const RATES = [1, 2, 3, 4] as const;

/** Chooses among four rates with these scores. Returns the chosen rate, and the rates that were tried. */
async function chosen(scores: readonly number[]) {
  const measured: number[] = [];
  const { rate, best, trials } = await bestOfRates(RATES, async (one) => {
    measured.push(one);
    return { score: scores[one - 1] ?? Number.NaN };
  });
  expect(trials.map(({ score }) => score)).toEqual(measured.map((one) => scores[one - 1]));
  expect(best.score).toBe(scores[rate - 1]);
  return { rate, measured };
}

test.each<[readonly number[], number, readonly number[]]>([
  [[5, 4, 3, 2], 4, [2, 3, 4]],
  [[5, 4, 3, 6], 3, [2, 3, 4]],
  [[5, 3, 4, 6], 2, [2, 3, 1]],
  [[2, 3, 4, 5], 1, [2, 3, 1]],
  [[5, 4, Number.NaN, Number.NaN], 2, [2, 3, 1]],
  [[5, Number.NaN, 4, 6], 3, [2, 3, 4]],
])('of the scores %j the rate %d is best, found by %j', async (scores, rate, measured) => {
  expect(await chosen(scores)).toEqual({ rate, measured });
});
