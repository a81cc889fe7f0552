import { expect, inject } from 'vitest';

/**
 * Expects that a time limit was met, in milliseconds. Only `npm run test:all` checks it, where these files run one at a time:
 * otherwise the result would depend on other work on the machine. A call that never ends is failed by the test's own time-out.
 */
export function expectWithin(most: number, elapsed: number): void {
  if (inject('ring') === 'clock') expect(elapsed, 'milliseconds').toBeLessThan(most);
}
