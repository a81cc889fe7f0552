import { inspect } from 'node:util';
import { expect, test } from 'vitest';
import { stackWithHint, WebVeraError } from '../../../src/core/errors/error';

const hint = 'Text is passed as new Blob([text]).';
const head = 'WebVeraError: expected a Blob';
const error = new WebVeraError('invalid_argument', 'expected a Blob', { hint });

test('printed, an error shows its hint, and its message is unchanged', () => {
  expect(error.message).toBe('expected a Blob');
  expect(String(error)).toBe(`WebVeraError: expected a Blob\nHint: ${hint}`);
  expect(error.stack).toMatch(
    /^WebVeraError: expected a Blob\n {4}at .*\nHint: Text is passed as new Blob\(\[text\]\)\.$/s,
  );
  // Node prints an uncaught error with `inspect`.
  expect(inspect(error)).toContain(`\nHint: ${hint}`);
});

test('without a hint there is no line for it', () => {
  const bare = new WebVeraError('internal', 'odd');
  expect(String(bare)).toBe('WebVeraError: odd');
  expect(bare.stack).toMatch(/^WebVeraError: odd\n {4}at /);
});

test.each([
  ['of V8', 'TypeError: x', '\n    at f (a.js:1:2)', `${head}\n    at f (a.js:1:2)\nHint: ${hint}`],
  ['of V8, under another name', 'Error: y', '\n    at f (a.js:1:2)', `${head}\n    at f (a.js:1:2)\nHint: ${hint}`],
  ['of V8, without frames', 'TypeError: x', '', String(error)],
  [
    'of others',
    '',
    'f@http://x/a.js:1:2\n@b.js:3:4',
    `Hint: ${hint}@http://x/a.js:1:2\nf@http://x/a.js:1:2\n@b.js:3:4`,
  ],
])('in a stack %s', (_, head, frames, expected) => {
  expect(stackWithHint(error, { name: 'TypeError', message: 'x', stack: `${head}${frames}` })).toBe(expected);
});

test('a stack of frames alone stays as it is without a hint', () => {
  const stack = 'f@http://x/a.js:1:2';
  expect(stackWithHint(new WebVeraError('internal', 'odd'), { name: 'Error', message: 'x', stack })).toBe(stack);
});
