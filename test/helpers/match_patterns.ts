import { expect } from 'vitest';

/** Within what `toMatchObject` and `toEqual` expect, a pattern stands for the texts that it matches; else any would do. */
expect.addEqualityTesters([
  (got, expected) => (expected instanceof RegExp && typeof got === 'string' ? expected.test(got) : undefined),
]);
