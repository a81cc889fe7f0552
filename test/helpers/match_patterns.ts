import { expect } from 'vitest';

/** Lets a pattern within `toMatchObject` and `toEqual` match texts; without this, it would equal any text. */
expect.addEqualityTesters([
  (got, expected) => (expected instanceof RegExp && typeof got === 'string' ? expected.test(got) : undefined),
]);
