import { describe, inject, type TestFunction, test } from 'vitest';
import { covering } from './maths/covering';

declare module 'vitest' {
  export interface ProvidedContext {
    /** The set of tests that the current vitest project runs. `npm test` runs the set `test`, `npm run test:all` runs `all` and `clock`. */
    ring: Ring;
  }
}

export type Ring = 'quick' | 'test' | 'all' | 'clock';

/** Decides whether `npm test` runs a case and, if so, whether `npm run test:quick` runs it too. Both default to true. */
export interface Choice<T> {
  readonly test?: (one: T) => boolean;
  readonly quick?: (one: T) => boolean;
}

/** Returns the cases of the current ring (set of tests). `npm run test:all` runs only the cases that `npm test` leaves out. */
export function ofRing<T>(cases: readonly T[], { test = () => true, quick = () => true }: Choice<T> = {}): T[] {
  const ring = inject('ring');
  if (ring === 'all') return cases.filter((one) => !test(one));
  return cases.filter((one) => test(one) && (ring !== 'quick' || quick(one)));
}

/** As `ofRing`. But `npm test` runs only a few cases, which together have every feature of the cases that `test` accepts. */
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

/** Defines a test that runs in `npm test` but not in `npm run test:all`, although both run the file. */
export function testOnce(name: string, body: TestFunction, timeout?: number): void {
  if (!isRepeated()) test(name, body, timeout);
}

/** As `testOnce`, for a group of tests. */
export function describeOnce(name: string, body: () => void): void {
  if (!isRepeated()) describe(name, body);
}

/** Whether the current ring belongs to `npm run test:all`, which repeats some of the files that `npm test` runs. */
function isRepeated(): boolean {
  return ['all', 'clock'].includes(inject('ring'));
}

/** Defines a test that only `npm run test:all` runs, in a file that `npm test` runs too. */
export function testInAll(name: string, body: TestFunction, timeout?: number): void {
  if (inject('ring') === 'all') test(name, body, timeout);
}
