// `npm run test:mutations`: puts one defect at a time into a copy of the repository, and reports whether a ring of tests (`npm test`, or
// `npm run test:quick`) finds it. A copy without a defect must pass first. Arguments after the options name the defects; all by default.
// The exit code is 1 if the tests find fewer defects than `--least`.
import { spawnSync } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { runCommand } from './shared/command.mjs';
import { CommandFailure, choice, integer, readArguments, UsageError } from './shared/options.mjs';
import { ROOT } from './shared/paths.mjs';
import { onExit, remove } from './shared/processes.mjs';
import { BREAKS } from './test/breaks.mjs';

await runCommand('test:mutations', async () => {
  const { values, positionals } = readArguments(
    process.argv.slice(2),
    { ring: { type: 'string', default: 'test' }, least: { type: 'string', default: String(BREAKS.length) } },
    true,
  );
  const ring = choice('ring', values.ring, ['test', 'quick']);
  const least = integer('least', values.least, { min: 0, max: BREAKS.length });
  const unknown = positionals.find((name) => BREAKS.every((each) => each.name !== name));
  if (unknown !== undefined) {
    throw new UsageError(`No break is called ${unknown}: there are ${BREAKS.map(({ name }) => name).join(', ')}`);
  }
  const chosen = BREAKS.filter(({ name }) => positionals.length === 0 || positionals.includes(name));
  const failure = failureOf(ring, () => {});
  if (failure !== undefined) throw new CommandFailure(`Expected a copy without a defect to pass, got ${failure}`);
  let found = 0;
  for (const one of chosen) {
    const began = performance.now();
    const finder = failureOf(ring, (folder) => putBreak(folder, one));
    found += Number(finder !== undefined);
    const seconds = Math.round((performance.now() - began) / 1000);
    console.log(`${finder === undefined ? 'MISSED' : 'found'}  ${one.name}  ${seconds} s  ${finder ?? ''}`);
  }
  console.log(`${found} of ${chosen.length} found by ${ring === 'test' ? 'npm test' : 'npm run test:quick'}`);
  if (found < Math.min(least, chosen.length)) throw new CommandFailure('Fewer were found than expected');
});

/**
 * @param {string} ring
 * @param {(folder: string) => void} change made to the copy before its tests run
 * @returns {string | undefined} the first line that reports a failure; undefined if all tests passed
 */
function failureOf(ring, change) {
  const folder = mkdtempSync(join(tmpdir(), 'webvera-mutation-'));
  const clean = onExit(() => remove(folder));
  try {
    const tracked = spawnSync('git', ['ls-files', '-z'], { cwd: ROOT, encoding: 'utf8', maxBuffer: 2 ** 26 });
    for (const path of tracked.stdout.split('\0').filter(Boolean)) cpSync(join(ROOT, path), join(folder, path));
    symlinkSync(join(ROOT, 'node_modules'), join(folder, 'node_modules'));
    change(folder);
    // Removes npm's INIT_CWD: scripts resolve paths in options against it, and it names the original folder instead of the copy.
    const { INIT_CWD: _, ...env } = process.env;
    const { status, stdout, stderr } = spawnSync(process.execPath, ['scripts/test.mjs', ring, '--bail', '1'], {
      cwd: folder,
      encoding: 'utf8',
      maxBuffer: 2 ** 28,
      env: { ...env, FORCE_COLOR: '0', NO_COLOR: '1' },
    });
    if (status === 0) return undefined;
    const printed = `${stdout}\n${stderr}`;
    return /FAIL .*$/m.exec(printed)?.[0] ?? /error TS.*$/m.exec(printed)?.[0] ?? 'lint, or the build';
  } finally {
    clean();
  }
}

/**
 * @param {string} folder
 * @param {import('./test/breaks.mjs').Break} one
 */
function putBreak(folder, { name, file, from, to }) {
  const text = readFileSync(join(folder, file), 'utf8');
  if (text.split(from).length !== 2) {
    throw new CommandFailure(`${name}: expected ${JSON.stringify(from)} once in ${file}: enter what is there now`);
  }
  writeFileSync(join(folder, file), text.replace(from, to));
}
