// `npm test`, `npm run test:quick`, `npm run test:all`, `npm run test:soak`: builds what a ring (a set of tests) needs, and runs
// the ring. Further arguments are passed to vitest: `npm test -- test/ops/relu`. With `--project`, types and lint aren't checked.
import { spawn } from 'node:child_process';
import { rmSync } from 'node:fs';
import { setUp } from './browsers/install.mjs';
import { buildDemoIfStale, buildIfStale } from './build/build_if_stale.mjs';
import { runCommand } from './shared/command.mjs';
import { CommandFailure } from './shared/options.mjs';
import { ROOT } from './shared/paths.mjs';
import { onExit } from './shared/processes.mjs';
import { namesProjects, RINGS, reportOf, ringOf, vitestArguments } from './test/rings.mjs';

const bin = (/** @type {string} */ path) => `${ROOT}node_modules/${path}`;
const TSC = bin('typescript-7/bin/tsc');
/** The file in which TypeScript caches its type checks. */
const TYPES_KEPT = bin('.cache/webvera/types.tsbuildinfo');
const BIOME = [bin('@biomejs/biome/bin/biome'), 'check', '--error-on-warnings'];

await runCommand('test', async () => {
  const { name, rest } = ringOf(process.argv.slice(2));
  const { package: isPackage, parts } = RINGS[name];
  const checks = RINGS[name].checks && !namesProjects(rest);
  // Deletes the report of an earlier run, which could be mistaken for this run's.
  rmSync(ROOT + reportOf(name), { force: true });
  await setUp(parts);
  const types = checks ? [run([TSC, '--noEmit', '--incremental', '--tsBuildInfoFile', TYPES_KEPT])] : [];
  const lint = checks ? [run(BIOME)] : [];
  // Rings without checks are usually run after `npm test`, and can reuse its build.
  if (isPackage && !checks) buildIfStale();
  else await Promise.all([build(isPackage), ...types, ...lint]);
  if (isPackage) buildDemoIfStale();
  await run([bin('vitest/vitest.mjs'), ...vitestArguments(name, rest)]);
});

/** @param {boolean} isPackage whether to build the types, which only tests of the package read, and to check the public API and the sizes */
async function build(isPackage) {
  await run([`${ROOT}scripts/build.mjs`]);
  if (!isPackage) return;
  await run([TSC, '-p', 'tsconfig.build.json']);
  await run([`${ROOT}scripts/build/types.mjs`]);
  await run([`${ROOT}scripts/build/check_package.mjs`]);
}

/** @param {readonly string[]} args of Node @returns {Promise<void>} rejects if the exit code isn't 0 */
function run(args) {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, args, { cwd: ROOT, stdio: 'inherit' });
    const release = onExit(() => child.kill('SIGTERM'));
    child.on('error', reject);
    child.on('close', (code) => {
      release();
      if (code === 0) resolve();
      else reject(new CommandFailure(`${args[0]?.slice(ROOT.length)} ended with exit code ${code}`));
    });
  });
}
