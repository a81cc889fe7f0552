import { expect, test } from 'vitest';
import { visitCosts } from '../../../scripts/site/visit_costs.mjs';
import { builtDemo } from '../demo/demo_page';

const { site } = await builtDemo();

test('a first visit has words after one click and 3.5 MB, a trained pair after two, a label told apart after three', async () => {
  const costs = await visitCosts('chrome', site);
  expect(costs.map(({ name, clicks }) => [name, clicks])).toEqual([
    ['first words', 1],
    ['a trained pair', 2],
    ['a label told apart', 3],
  ]);
  expect(costs[0]?.bytes).toBeLessThanOrEqual(3.5e6);
}, 1_200_000);
