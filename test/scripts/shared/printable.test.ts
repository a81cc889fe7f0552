import { afterEach, expect, test, vi } from 'vitest';
import { runCommand } from '../../../scripts/shared/command.mjs';
import { printable, printableLines } from '../../../scripts/shared/printable.mjs';
import { WebVeraError } from '../../../src/core/errors/error';

afterEach(() => {
  vi.restoreAllMocks();
  process.exitCode = undefined;
});

test("control characters in a failure's message are escaped", async () => {
  const print = vi.spyOn(console, 'error').mockImplementation(() => {});
  await runCommand('webvera', () => {
    throw new WebVeraError('invalid_format', 'no \u001b[2Jtensor\u009b', { hint: 'Download\nit \u0007again.' });
  });
  expect(print.mock.calls).toEqual([['webvera: no \\x1b[2Jtensor\\x9b – Download it \\x07again.']]);
  expect(process.exitCode).toBe(2);
});

test('control characters are escaped, in texts of several lines except line feeds and tabs', () => {
  expect(printable('a\u001b[31m\n\té')).toBe('a\\x1b[31m\\x0a\\x09é');
  expect(printableLines('a\u001b[31m\n\té\r\u007f')).toBe('a\\x1b[31m\n\té\\x0d\\x7f');
});
