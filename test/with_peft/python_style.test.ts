import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { describeWithPeft } from './lib/peft';
import { runFreshPython } from './lib/python';

/** The folder where mypy caches checked types for later runs. */
const cache = fileURLToPath(new URL('../../node_modules/.cache/webvera/mypy', import.meta.url));

const folder = (path: string): string => fileURLToPath(new URL(`../../${path}`, import.meta.url));

/** The linter's settings, from `test`, for folders that have none. mypy isn't run in these folders: its run in `test` includes them. */
const shared = ['--config', folder('test/pyproject.toml')];

describeWithPeft.each([
  { path: 'test', settings: [], checked: [] },
  { path: 'bench/peers', settings: shared, checked: undefined },
  { path: 'scripts/results/peft', settings: shared, checked: undefined },
  { path: 'scripts/results/scikit', settings: shared, checked: undefined },
  {
    path: 'src/formats/run_folder',
    settings: [],
    checked: ['--strict', 'train.py', 'data.py', 'classify.py', 'pooled_classifier.py', 'prefer.py'],
  },
])('the Python in $path', ({ path, settings, checked }) => {
  const types: readonly string[] = checked ? ['mypy', `--cache-dir=${cache}`, ...checked] : [];
  const commands = [
    ['is formatted', ['ruff', 'format', '--check', '--no-cache', ...settings]],
    ['has no lint', ['ruff', 'check', '--no-cache', ...settings]],
    ['has types that hold', types],
  ] as const;
  test.each(commands.filter(([, command]) => command.length > 0))('%s', async (_, command) => {
    const { code, output } = await runFreshPython(folder(path), ['-m', ...command]);
    expect(code, output).toBe(0);
  });
});
