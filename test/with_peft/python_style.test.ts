import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { describeWithPeft } from './lib/peft';
import { runFreshPython } from './lib/python';

/** The folder where mypy caches checked types for later runs. */
const cache = fileURLToPath(new URL('../../node_modules/.cache/webvera/mypy', import.meta.url));

const folder = (path: string): string => fileURLToPath(new URL(`../../${path}`, import.meta.url));

/** The linter's settings, from `test`, for folders that have none. */
const shared = ['--config', folder('test/pyproject.toml')];

describeWithPeft.each([
  { path: 'test', settings: [] },
  { path: 'bench/peers', settings: shared },
  { path: 'scripts/results/peft', settings: shared },
  { path: 'scripts/results/scikit', settings: shared },
  { path: 'src/formats/run_folder', settings: [] },
])('the Python in $path', ({ path, settings }) => {
  test.each([
    ['is formatted', ['ruff', 'format', '--check', '--no-cache', ...settings]],
    ['has no lint', ['ruff', 'check', '--no-cache', ...settings]],
  ] as const)('%s', async (_, command) => {
    const { code, output } = await runFreshPython(folder(path), ['-m', ...command]);
    expect(code, output).toBe(0);
  });
});

// One run for all folders, which parses the types of torch once. test/pyproject.toml lists the folders.
describeWithPeft('the Python in all these folders', () => {
  test('has types that hold', async () => {
    const { code, output } = await runFreshPython(folder('test'), ['-m', 'mypy', `--cache-dir=${cache}`]);
    expect(code, output).toBe(0);
  });
});
