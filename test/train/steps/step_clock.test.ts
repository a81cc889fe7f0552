import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { StepClock } from '../../../src/train/steps/step_clock';

beforeEach(() => vi.useFakeTimers({ toFake: ['performance'] }));
afterEach(() => vi.useRealTimers());

/** Ends a step of 10 tokens after each of these times. Returns the clock's seconds per step after each step, and the final metrics. */
function run(seconds: readonly number[]): { rates: readonly number[]; metrics: Record<string, number> } {
  const clock = new StepClock();
  clock.start();
  const rates = seconds.map((wait) => {
    vi.advanceTimersByTime(wait * 1000);
    const { tokensPerSecond, secondsPerStep } = clock.stepDone(10);
    expect(tokensPerSecond * secondsPerStep).toBeCloseTo(10, 9);
    return secondsPerStep;
  });
  return { rates, metrics: clock.metrics() };
}

test('leaves out the first step, which compiles, once there are enough others', () => {
  const { rates, metrics } = run([9, 1, 1, 1, 1, 1]);
  expect(rates).toEqual([9, 5, 11 / 3, 1, 1, 1]);
  expect(metrics).toMatchObject({
    train_runtime: 14,
    train_tokens_per_second: 60 / 14,
    first_step_seconds: 9,
    step_seconds_median: 1,
    step_seconds_min: 1,
  });
});

test('isn’t misled by steps that are acknowledged three at a time', () => {
  const { rates, metrics } = run([6, 0, 0, 3, 0, 0, 3, 0, 0]);
  expect(rates).toEqual([6, 3, 2, 1, 1, 1, 1, 1, 1]);
  expect(metrics).toMatchObject({ step_seconds_median: 1, step_seconds_min: 1 });
});

test('forgets how long steps took some time ago', () => {
  const { rates } = run([...Array(10).fill(5), ...Array(18).fill(2)]);
  expect(rates.at(-2)).toBeGreaterThan(2);
  expect(rates.at(-1)).toBe(2);
});

test('doesn’t count a pause', () => {
  const clock = new StepClock();
  clock.start();
  for (let step = 0; step < 4; step++) {
    vi.advanceTimersByTime(60_000);
    clock.start();
    vi.advanceTimersByTime(500);
    clock.stepDone(1);
  }
  expect(clock.metrics()).toMatchObject({ first_step_seconds: 0.5, step_seconds_median: 0.5 });
});
