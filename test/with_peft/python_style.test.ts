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

/** Folders without settings of their own share those of `test`; `mypy` reads all their files from there. */
const shared = ['--config', folder('test/pyproject.toml')];

describeWithPeft.each([
  { path: 'test', settings: [], checked: [] },
  { path: 'bench/peers', settings: shared, checked: undefined },
  { path: 'scripts/results/peft', settings: shared, checked: undefined },
  { path: 'scripts/results/scikit', settings: shared, checked: undefined },
  {
    path: 'src/formats/run_folder',
    settings: [],
    checked: ['--strict', 'train.py', 'data.py', 'classify.py', 'pooled_classifier.py'],
  },
])('the Python in $path', ({ path, settings, checked }) => {
  const types: readonly string[] = checked ? ['mypy', `--cache-dir=${cache}`, ...checked] : [];
  const commands = [
    ['is formatted', ['ruff', 'format', '--check', '--no-cache', ...settings]],
    ['has no lint', ['ruff', 'check', '--no-cache', ...settings]],
    ['has types that hold', types],
  ] as const;
  test.each(commands.filter(([, command]) => command.length > 0))('%s', async (_, command) => {
    const { code, output } = await runPython(folder(path), ['-m', ...command]);
    expect(code, output).toBe(0);
  });
});
