import { describe, inject, type TestFunction, test } from 'vitest';
import { covering } from './maths/covering';

declare module 'vitest' {
  export interface ProvidedContext {
    /** The set of tests that a project belongs to. `npm test` runs `test`, `npm run test:all` runs `all` and `clock`. */
    ring: Ring;
  }
}

export type Ring = 'quick' | 'test' | 'all' | 'clock';

/** Decides whether `npm test` runs a case and, if so, whether `npm run test:quick` runs it too. Both default to true. */
export interface Choice<T> {
  readonly test?: (one: T) => boolean;
  readonly quick?: (one: T) => boolean;
}

/** Returns the cases of the current ring. `npm run test:all` runs those that `npm test` leaves out, so that each runs once. */
export function ofRing<T>(cases: readonly T[], { test = () => true, quick = () => true }: Choice<T> = {}): T[] {
  const ring = inject('ring');
  if (ring === 'all') return cases.filter((one) => !test(one));
  return cases.filter((one) => test(one) && (ring !== 'quick' || quick(one)));
}

/** Returns the cases of the current ring. `npm test` runs only as many as have every feature of the cases that `test` accepts. */
export function coveringOfRing<T>(
  cases: readonly T[],
  featuresOf: (one: T) => readonly string[],
  { test = () => true, ...choice }: Choice<T> = {},
): T[] {
  const covered = covering(cases.filter(test), featuresOf);
  return ofRing(cases, { test: (one) => covered.has(one), ...choice });
}

/** Returns the quick cases in `npm run test:quick`, and all cases in other rings. */
export function quickOf<T>(cases: readonly T[], isQuick: (one: T) => boolean): readonly T[] {
  return inject('ring') === 'quick' ? cases.filter(isQuick) : cases;
}

/** Defines a test that `npm run test:all` skips, in a file that it runs too, for other cases or for tests of time limits. */
export function testOnce(name: string, body: TestFunction, timeout?: number): void {
  if (!isRepeated()) test(name, body, timeout);
}

/** As `testOnce`, for a group of tests. */
export function describeOnce(name: string, body: () => void): void {
  if (!isRepeated()) describe(name, body);
}

/** Whether the current ring runs a file's other tests after `npm test` has run it. */
function isRepeated(): boolean {
  return ['all', 'clock'].includes(inject('ring'));
}

/** Defines a test that only `npm run test:all` runs, in a file that `npm test` runs too. */
export function testInAll(name: string, body: TestFunction, timeout?: number): void {
  if (inject('ring') === 'all') test(name, body, timeout);
}
