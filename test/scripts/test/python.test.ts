import { resolve } from 'node:path';
import { afterEach, expect, test, vi } from 'vitest';
import { findOracle } from '../../../scripts/test/python.mjs';

afterEach(() => vi.unstubAllEnvs());

test.each([
  ['a path, from where the command runs', '.venv/bin/python', resolve('.venv/bin/python')],
  ['a whole path', resolve('python'), resolve('python')],
  ['a name that is looked for', 'python3.13', 'python3.13'],
])('WEBVERA_PYTHON is %s', async (_, given, expected) => {
  vi.stubEnv('WEBVERA_PYTHON', given);
  expect(await findOracle(() => {})).toBe(expected);
});
