import { expect, test } from 'vitest';
import { SaveClock } from '../../../src/train/saving/save_clock';

/**
 * Returns the times, in milliseconds, at which a run whose steps take `stepTime` is saved. A save ends when the
 * result of its step arrives, two steps later.
 */
function keptAt(stepTime: number, until: number): number[] {
  let now = 0;
  const clock = new SaveClock(() => now);
  const kept: number[] = [];
  for (; now < until; now += stepTime) {
    if (!clock.isDue()) continue;
    clock.restart();
    kept.push(now + 3 * stepTime);
  }
  return kept;
}

test('is due after 2, 4, 8, 16, 32 seconds, and every 30 from then on', () => {
  const seconds = keptAt(1, 120_000).map((time) => Math.round(time / 1000));
  expect(seconds).toEqual([2, 4, 8, 16, 32, 62, 92]);
});

test.each([10, 100, 650, 2_000, 9_000])(
  'loses two seconds, half of a visit or thirty seconds: steps of %i ms',
  (stepTime) => {
    const kept = [0, ...keptAt(stepTime, 300_000)];
    for (const [index, next] of kept.slice(1).entries()) {
      const last = kept[index] ?? 0;
      // The time of one step is subtracted, because the step in progress is lost in any case.
      expect(next - last - stepTime).toBeLessThanOrEqual(Math.max(2_000, Math.min(30_000, next / 2), 3 * stepTime));
    }
    expect(300_000 - kept.at(-1)!).toBeLessThan(30_000 + stepTime);
  },
);

test('begins with the first step, however long that takes to come', () => {
  let now = 0;
  const clock = new SaveClock(() => now);
  now = 20_000;
  expect([clock.isDue(), clock.isDue()]).toEqual([false, false]);
  now += 2_000;
  expect(clock.isDue()).toBe(true);
});

test('continues if the computer’s clock is set back', () => {
  let now = 1e12;
  const clock = new SaveClock(() => now);
  clock.isDue();
  now -= 3.6e6;
  expect(clock.isDue()).toBe(false);
  now += 30_000;
  expect(clock.isDue()).toBe(true);
});
