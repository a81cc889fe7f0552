import { expect, test } from 'vitest';
import { SOFTWARE_SUBMIT, SubmitBudget } from '../../src/gpu/submit_budget';

/** Repeats submits of `flops` on a device of this rate, in flops per millisecond, until the budget no longer changes. */
function settle(budget: SubmitBudget, flops: number, rate: number): number {
  let now = 0;
  for (let step = 0; step < 40; step++) {
    budget.submitted(flops, now);
    now += flops / rate;
    budget.finished(budget.queued, now);
  }
  return budget.flops;
}

test('begins small, so that the first submit is short on any device', () => {
  expect(new SubmitBudget().flops).toBe(0.2e9);
});

test.each([
  ['a laptop', 1e9],
  ['a processor', 2e7],
])('settles at the work that %s does in 60 ms', (_, rate) => {
  expect(settle(new SubmitBudget(), 1e11, rate)).toBeCloseTo(60 * rate, -5);
});

test('on a software GPU a step of 45 s is some 190 submits, and a dispatch still an eighth of 2 s', () => {
  const budget = new SubmitBudget({ submit: SOFTWARE_SUBMIT });
  const [step, rate] = [180e9, 4e6];
  expect(step / settle(budget, step, rate)).toBeCloseTo(187.5, 1);
  expect(budget.dispatchFlops / rate).toBeCloseTo(250, 3);
});

test('stays within its bounds', () => {
  expect(settle(new SubmitBudget(), 1e9, 1e3)).toBe(0.2e9 / 8);
  expect(settle(new SubmitBudget(), 1e15, 1e12)).toBe(1e12);
});

test('one odd measurement changes the budget by half at most', () => {
  const budget = new SubmitBudget();
  const before = settle(budget, 1e9, 1e8);
  budget.submitted(1e9, 0);
  budget.finished(budget.queued, 1e6);
  expect(budget.flops).toBeCloseTo(before / 2, -6);
});

test('learns nothing from little work, or from none', () => {
  const budget = new SubmitBudget();
  budget.finished(budget.queued, 1000);
  budget.submitted(1e6, 1000);
  budget.finished(budget.queued, 2000);
  expect(budget.flops).toBe(0.2e9);
});

test('adds up what was submitted since the last read', () => {
  const whole = new SubmitBudget();
  whole.submitted(1e9, 0);
  whole.finished(1e9, 100);
  const parts = new SubmitBudget();
  parts.submitted(4e8, 0);
  parts.submitted(6e8, 50);
  parts.finished(1e9, 100);
  expect(parts.flops).toBe(whole.flops);
});

test('a read measures submits before it, not later ones', () => {
  const [later, alone] = [new SubmitBudget(), new SubmitBudget()];
  for (const budget of [later, alone]) budget.submitted(1e9, 0);
  const { queued } = later;
  later.submitted(1e9, 10);
  later.submitted(1e9, 20);
  later.finished(queued, 100);
  alone.finished(queued, 100);
  expect(later.flops).toBe(alone.flops);
  // The second of three submits ran from 100 to 200 ms. Reporting it again changes nothing.
  later.finished(2e9, 200);
  const { flops } = later;
  expect(flops).toBeCloseTo((alone.flops + 0.6e9) / 2, -3);
  later.finished(2e9, 900);
  later.finished(1e9, 950);
  expect(later.flops).toBe(flops);
});

test('a device that was idle isn’t slow', () => {
  const [idle, busy] = [new SubmitBudget(), new SubmitBudget()];
  for (const [budget, pause] of [
    [idle, 5000],
    [busy, 0],
  ] as const) {
    budget.submitted(1e9, 0);
    budget.finished(1e9, 100);
    budget.submitted(1e9, 100 + pause);
    budget.finished(2e9, 200 + pause);
  }
  expect(idle.flops).toBe(busy.flops);
});

test('until a long submit was measured, a dispatch gets no more than a submit; then an eighth of 2 s', () => {
  const budget = new SubmitBudget();
  expect([budget.isRough, budget.dispatchFlops]).toEqual([true, budget.flops]);
  // The device computes 100 MFLOP per ms, and a result arrives after 4 more ms.
  let now = 0;
  const probe = (): void => {
    const { flops } = budget;
    budget.submitted(flops, now);
    now += 4 + flops / 1e8;
    budget.finished(budget.queued, now);
  };
  const seen: number[] = [];
  while (budget.isRough) {
    expect(budget.dispatchFlops).toBe(budget.flops);
    seen.push(budget.flops);
    probe();
  }
  expect(seen).toHaveLength(3);
  for (let i = 0; i < 10; i++) probe();
  expect(budget.dispatchFlops / budget.flops).toBeCloseTo(250 / 60, 5);
  expect(budget.dispatchFlops).toBeLessThan(0.25e3 * 1e8);
});

test.each([
  ['an integrated GPU', 1e8],
  ['a laptop', 1e9],
  ['a large GPU', 2e10],
  ['one beyond measure', 1e15],
])('%s is known after a few submits', (_, rate) => {
  const budget = new SubmitBudget();
  let [now, submits] = [0, 0];
  for (; budget.isRough; submits++) {
    budget.submitted(budget.flops, now);
    now += 3 + budget.flops / rate;
    budget.finished(budget.queued, now);
  }
  expect(submits).toBeLessThan(8);
  expect(now).toBeLessThan(200);
});

test('a given budget stays within its bounds', () => {
  const budget = new SubmitBudget({ most: 1e4 });
  expect([budget.flops, budget.dispatchFlops, budget.isRough]).toEqual([1e4, 1e4, false]);
  expect(settle(budget, 1e12, 1e9)).toBe(1e4);
  expect(budget.dispatchFlops).toBe(1e4);
});
