import { expect, test } from 'vitest';
import { SubmitBudget } from '../../src/gpu/budget';

/** Does work of `flops` at a rate, in flops per millisecond, until the budget stops moving. */
function settle(budget: SubmitBudget, flops: number, rate: number): number {
  let now = 0;
  for (let step = 0; step < 40; step++) {
    budget.submitted(flops, now);
    now += flops / rate;
    budget.finished(now);
  }
  return budget.flops;
}

test('begins small, so that the first submit is short on any device', () => {
  expect(new SubmitBudget().flops).toBe(0.2e9);
});

test.each([
  ['a laptop', 1e9],
  ['a processor', 2e7],
])('comes to what %s does in 60 ms', (_, rate) => {
  expect(settle(new SubmitBudget(), 1e11, rate)).toBeCloseTo(60 * rate, -5);
});

test('stays within its bounds', () => {
  expect(settle(new SubmitBudget(), 1e9, 1e3)).toBe(0.2e9 / 8);
  expect(settle(new SubmitBudget(), 1e15, 1e12)).toBe(1e12);
});

test('one odd measurement moves it by half at most', () => {
  const budget = new SubmitBudget();
  const before = settle(budget, 1e9, 1e8);
  budget.submitted(1e9, 0);
  budget.finished(1e6);
  expect(budget.flops).toBeCloseTo(before / 2, -6);
});

test('learns nothing from little work, or from none', () => {
  const budget = new SubmitBudget();
  budget.finished(1000);
  budget.submitted(1e6, 1000);
  budget.finished(2000);
  expect(budget.flops).toBe(0.2e9);
});

test('adds up what was submitted since the last read', () => {
  const whole = new SubmitBudget();
  whole.submitted(1e9, 0);
  whole.finished(100);
  const parts = new SubmitBudget();
  parts.submitted(4e8, 0);
  parts.submitted(6e8, 50);
  parts.finished(100);
  expect(parts.flops).toBe(whole.flops);
});
