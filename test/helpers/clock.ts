import { expect, inject } from 'vitest';

/**
 * Expects a time limit to be met, in milliseconds. Only `npm run test:all` checks it, one file at a time: elsewhere the
 * result would depend on other work on the machine. A call that never ends fails by the test's own time-out.
 */
export function expectWithin(most: number, elapsed: number): void {
  if (inject('ring') === 'clock') expect(elapsed, 'milliseconds').toBeLessThan(most);
}
