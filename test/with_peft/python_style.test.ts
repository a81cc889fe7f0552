import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, expect, test } from 'vitest';
import { describeWithPeft } from './lib/peft';
import { runPython } from './lib/python';

const cache = mkdtempSync(join(tmpdir(), 'webvera-mypy-'));
afterAll(() => rmSync(cache, { recursive: true, force: true }));

const folder = (path: string): string => fileURLToPath(new URL(`../../${path}`, import.meta.url));

describeWithPeft.each([
  ['test', []],
  ['src/formats/run_folder', ['--strict', 'train.py', 'data.py', 'classify.py']],
])('the Python in %s', (path, checked) => {
  test.each([
    ['is formatted', ['ruff', 'format', '--check', '--no-cache']],
    ['has no lint', ['ruff', 'check', '--no-cache']],
    ['has types that hold', ['mypy', `--cache-dir=${cache}`, ...checked]],
  ])('%s', async (_, command) => {
    const { code, output } = await runPython(folder(path), ['-m', ...command]);
    expect(code, output).toBe(0);
  });
});
