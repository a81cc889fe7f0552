import { inject, type TestFunction, test } from 'vitest';
import { covering } from './maths/covering';

declare module 'vitest' {
  export interface ProvidedContext {
    /** The ring that a project belongs to: `npm run test:quick`, `npm test` or `npm run test:all`, which includes `clock`. */
    ring: Ring;
  }
}

export type Ring = 'quick' | 'test' | 'all' | 'clock';

/** Whether a case is in the ring of `npm test`, and if so, whether `npm run test:quick` has it too. Both default to yes. */
export interface Choice<T> {
  readonly test?: (one: T) => boolean;
  readonly quick?: (one: T) => boolean;
}

/** The cases of the current ring. `npm run test:all` has those that `npm test` leaves out, so that each runs once. */
export function ofRing<T>(cases: readonly T[], { test = () => true, quick = () => true }: Choice<T> = {}): T[] {
  const ring = inject('ring');
  if (ring === 'all') return cases.filter((one) => !test(one));
  return cases.filter((one) => test(one) && (ring !== 'quick' || quick(one)));
}

/** The cases of the current ring. In `npm test` these are a small choice that has every feature of the cases that `test` accepts. */
export function coveringOfRing<T>(
  cases: readonly T[],
  featuresOf: (one: T) => readonly string[],
  { test = () => true, ...choice }: Choice<T> = {},
): T[] {
  const covered = covering(cases.filter(test), featuresOf);
  return ofRing(cases, { test: (one) => covered.has(one), ...choice });
}

/** The quick cases in `npm run test:quick`; all cases in other rings. */
export function quickOf<T>(cases: readonly T[], isQuick: (one: T) => boolean): readonly T[] {
  return inject('ring') === 'quick' ? cases.filter(isQuick) : cases;
}

/** A single test that only `npm test` runs, in a file that `npm run test:all` runs for its other cases, or for promises about time. */
export function testOnce(name: string, body: TestFunction, timeout?: number): void {
  if (!['all', 'clock'].includes(inject('ring'))) test(name, body, timeout);
}

/** A single test that only `npm run test:all` runs, in a file of `npm test`. */
export function testInAll(name: string, body: TestFunction, timeout?: number): void {
  if (inject('ring') === 'all') test(name, body, timeout);
}
