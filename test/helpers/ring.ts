import { describe, inject, type TestFunction, test } from 'vitest';
import { covering } from './maths/covering';

declare module 'vitest' {
  export interface ProvidedContext {
    /** The set of tests that the current vitest project runs. `npm run test:all` runs `all` and `clock`, the other commands one of their name. */
    ring: Ring;
  }
}

export type Ring = 'quick' | 'test' | 'all' | 'clock' | 'soak';

/** Decides whether `npm test` runs a case and, if so, whether `npm run test:quick` runs it too. Both default to true. */
export interface Choice<T> {
  readonly test?: (one: T) => boolean;
  readonly quick?: (one: T) => boolean;
  /** Whether `npm run test:soak` alone runs a case. Default: false. */
  readonly soak?: (one: T) => boolean;
  /**
   * Whether `coveringOfRing` leaves cases to `npm run test:soak`: then `npm run test:all` runs only a few, which have the features that
   * `npm test` leaves out. Default: false, for all cases that `npm test` leaves out.
   */
  readonly leaves?: boolean;
}

/** Returns the cases of the current ring (set of tests). `npm run test:all` runs only the cases that `npm test` leaves out. */
export function ofRing<T>(
  cases: readonly T[],
  { test = () => true, quick = () => true, soak = () => false }: Choice<T> = {},
): T[] {
  const ring = inject('ring');
  if (ring === 'soak') return cases.filter(soak);
  const others = cases.filter((one) => !soak(one));
  if (ring === 'all') return others.filter((one) => !test(one));
  return others.filter((one) => test(one) && (ring !== 'quick' || quick(one)));
}

/** Returns the cases of a file that `npm run test:all` runs, without those that are left to `npm run test:soak`. */
export function ofAll<T>(cases: readonly T[], soak: (one: T) => boolean): T[] {
  return ofRing(cases, { test: () => false, soak });
}

/** As `ofRing`. But `npm test` runs only a few cases, which together have every feature of the cases that `test` accepts. */
export function coveringOfRing<T>(
  cases: readonly T[],
  featuresOf: (one: T) => readonly string[],
  { test = () => true, leaves = false, ...choice }: Choice<T> = {},
): T[] {
  const covered = covering(cases.filter(test), featuresOf);
  const left = cases.filter((one) => !covered.has(one));
  const tested = new Set([...covered].flatMap(featuresOf));
  const others = leaves
    ? covering(left, (one) => featuresOf(one).filter((feature) => !tested.has(feature)))
    : new Set(left);
  if (inject('ring') === 'soak') return left.filter((one) => !others.has(one));
  return ofRing(
    cases.filter((one) => covered.has(one) || others.has(one)),
    { test: (one) => covered.has(one), ...choice },
  );
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

/** Whether the current ring repeats some of the files that `npm test` runs. */
function isRepeated(): boolean {
  return ['all', 'clock', 'soak'].includes(inject('ring'));
}

/** Defines a test that only `npm run test:all` runs, in a file that other commands run too. */
export function testInAll(name: string, body: TestFunction, timeout?: number): void {
  if (inject('ring') === 'all') test(name, body, timeout);
}

/** Defines a test that only `npm run test:soak` runs, in a file that other commands run too. */
export function testInSoak(name: string, body: TestFunction, timeout?: number): void {
  if (inject('ring') === 'soak') test(name, body, timeout);
}
