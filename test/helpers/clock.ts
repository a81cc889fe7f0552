import { expect, inject } from 'vitest';

/**
 * Holds a promise of time, in milliseconds on the clock. Only `npm run test:all` does so, one file at a time: elsewhere other work
 * on the machine would decide, and the test's own time-out ends what never comes.
 */
export function expectWithin(most: number, elapsed: number): void {
  if (inject('ring') === 'clock') expect(elapsed, 'milliseconds').toBeLessThan(most);
}
