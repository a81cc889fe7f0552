// `npm test`, `npm run test:quick`, `npm run test:all`, `npm run test:soak`: a ring of tests, with what it needs made first. Further
// arguments go to vitest: `npm test -- test/ops/relu`. Types and lint are left to whole rings: with `--project` they aren't checked.
import { spawn } from 'node:child_process';
import { rmSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { runCommand } from './lib/command.mjs';
import { setUp } from './lib/install.mjs';
import { CommandFailure } from './lib/options.mjs';
import { namesProjects, RINGS, reportOf, ringOf, vitestArguments } from './lib/rings.mjs';

const root = fileURLToPath(new URL('../', import.meta.url));
const bin = (/** @type {string} */ path) => `${root}node_modules/${path}`;
const TSC = bin('typescript/bin/tsc');
/** Types that the next run needn't check again. */
const TYPES_KEPT = bin('.cache/webvera/types.tsbuildinfo');
const BIOME = [bin('@biomejs/biome/bin/biome'), 'check', '--error-on-warnings'];

await runCommand('test', async () => {
  const { name, rest } = ringOf(process.argv.slice(2));
  const { package: isPackage, parts } = RINGS[name];
  const checks = RINGS[name].checks && !namesProjects(rest);
  // An earlier run's report must not pass for this one's.
  rmSync(root + reportOf(name), { force: true });
  await setUp(parts);
  const types = checks ? [run([TSC, '--noEmit', '--incremental', '--tsBuildInfoFile', TYPES_KEPT])] : [];
  const lint = checks ? [run(BIOME)] : [];
  await Promise.all([build(isPackage, checks), ...types, ...lint]);
  await run([bin('vitest/vitest.mjs'), ...vitestArguments(name, rest)]);
});

/**
 * @param {boolean} isPackage with its types, which only the package's own tests read
 * @param {boolean} checks its names and sizes, too
 */
async function build(isPackage, checks) {
  await run([`${root}scripts/build.mjs`]);
  if (!isPackage) return;
  await run([TSC, '-p', 'tsconfig.build.json']);
  await run([`${root}scripts/types.mjs`]);
  if (checks) await run([`${root}scripts/check_package.mjs`]);
}

/**
 * @param {readonly string[]} args of Node
 * @returns {Promise<void>} rejects where it ends with another exit code than 0
 */
function run(args) {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, args, { cwd: root, stdio: 'inherit' });
    child.on('error', reject);
    child.on('close', (code) => {
      if (code === 0) resolve();
      else reject(new CommandFailure(`${args[0]?.slice(root.length)} ended with exit code ${code}`));
    });
  });
}
