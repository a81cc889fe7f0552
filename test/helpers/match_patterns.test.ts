import { expect, test } from 'vitest';

test('a pattern that does not match fails a test', () => {
  expect({ message: 'expected a string' }).toMatchObject({ message: /^expected/ });
  expect(() => expect({ message: 'expected a string' }).toMatchObject({ message: /number/ })).toThrow();
  expect(() => expect(new Error('expected a string')).toMatchObject({ message: /number/ })).toThrow();
});
