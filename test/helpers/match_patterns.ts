import { expect } from 'vitest';

/** Makes regular expressions inside `toMatchObject` and `toEqual` match strings. Without this, they would equal any string. */
expect.addEqualityTesters([
  (got, expected) => (expected instanceof RegExp && typeof got === 'string' ? expected.test(got) : undefined),
]);
