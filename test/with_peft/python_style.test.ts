import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, inject, test } from 'vitest';
import { oracleEnvironment } from '../../scripts/lib/python.mjs';
import { describeWithPeft } from './peft';

const run = promisify(execFile);
const cwd = fileURLToPath(new URL('../', import.meta.url));

describeWithPeft('the Python beside the tests', () => {
  test.each([
    ['is formatted', ['ruff', 'format', '--check']],
    ['has no lint', ['ruff', 'check']],
    ['has types that hold', ['mypy']],
  ])('%s', async (_, command) => {
    const { stdout } = await run(inject('python') ?? '', ['-m', ...command], { cwd, env: oracleEnvironment() });
    expect(stdout).toMatch(/already formatted|All checks passed|no issues found/);
  });
});
