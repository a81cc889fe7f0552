import { inject, type TestFunction, test } from 'vitest';
import { covering } from './maths/covering';

declare module 'vitest' {
  export interface ProvidedContext {
    /** The ring that a project belongs to: `npm run test:quick`, `npm test` or `npm run test:all`, of which `clock` is a part. */
    ring: Ring;
  }
}

export type Ring = 'quick' | 'test' | 'all' | 'clock';

/** Whether a case is in the ring of `npm test`; and if it is, whether `npm run test:quick` has it, too. Both are by default. */
export interface Choice<T> {
  readonly test?: (one: T) => boolean;
  readonly quick?: (one: T) => boolean;
}

/** The cases of the ring that runs. `npm run test:all` has those that `npm test` leaves out, so that each runs once. */
export function ofRing<T>(cases: readonly T[], { test = () => true, quick = () => true }: Choice<T> = {}): T[] {
  const ring = inject('ring');
  if (ring === 'all') return cases.filter((one) => !test(one));
  return cases.filter((one) => test(one) && (ring !== 'quick' || quick(one)));
}

/** The cases of the ring that runs, where `npm test` has those that between them have each feature. */
export function coveringOfRing<T>(
  cases: readonly T[],
  featuresOf: (one: T) => readonly string[],
  quick?: (one: T) => boolean,
): T[] {
  const covered = covering(cases, featuresOf);
  return ofRing(cases, { test: (one) => covered.has(one), ...(quick && { quick }) });
}

/** The cases that `npm run test:quick` has, or all in the other rings. */
export function quickOf<T>(cases: readonly T[], isQuick: (one: T) => boolean): readonly T[] {
  return inject('ring') === 'quick' ? cases.filter(isQuick) : cases;
}

/** A single test of `npm test`, in a file that `npm run test:all` runs, too, for its other cases. */
export function testOnce(name: string, body: TestFunction, timeout?: number): void {
  if (inject('ring') !== 'all') test(name, body, timeout);
}

/** A single test of `npm run test:all`, in a file of `npm test`. */
export function testInAll(name: string, body: TestFunction, timeout?: number): void {
  if (inject('ring') === 'all') test(name, body, timeout);
}
