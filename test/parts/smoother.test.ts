import { expect, test } from 'vitest';
import { Smoother } from '../../src/parts/smoother';

test('the first mean is the first value, and later means weigh new values by the decay', () => {
  const smoother = new Smoother(0.5);
  expect(smoother.add(4)).toBeCloseTo(4);
  expect(smoother.add(1)).toBeCloseTo((0.25 * 4 + 0.5 * 1) / 0.75);
  const steady = new Smoother(0.9);
  for (let step = 0; step < 20; step++) expect(steady.add(3)).toBeCloseTo(3);
});
