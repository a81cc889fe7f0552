// `npm run test:same -- DIST`: trains small models with two builds, this one and the one in the folder DIST, and compares losses,
// adapters and merged models byte by byte. A refactoring passes if all of them stay the same, bit for bit.
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { buildIfStale } from './build/build_if_stale.mjs';
import { runCommand } from './shared/command.mjs';
import { CommandFailure, readArguments, UsageError } from './shared/options.mjs';
import { ROOT } from './shared/paths.mjs';
import { tableLines } from './shared/table.mjs';

/** @typedef {Readonly<Record<string, Readonly<Record<string, string>>>>} Hashes by model, then by the hashed part (losses, adapter, …) */

await runCommand('test:same', async () => {
  const [other, ...rest] = readArguments(process.argv.slice(2), {}, true).positionals;
  if (other === undefined || rest.length > 0) throw new UsageError('Expected one folder: the dist/ of another build');
  if (!existsSync(join(other, 'node.js'))) throw new UsageError(`${other} has no node.js: build that checkout first`);
  buildIfStale();
  const [own, others] = [trainWith(join(ROOT, 'dist')), trainWith(resolve(other))];
  const parts = Object.keys(Object.values(own)[0] ?? {});
  const same = (/** @type {string} */ model, /** @type {string} */ part) =>
    own[model]?.[part] === others[model]?.[part];
  const models = Object.keys(own);
  const cells = models.map((model) => [model, ...parts.map((part) => (same(model, part) ? 'equal' : 'DIFFERENT'))]);
  console.log(tableLines([['model', ...parts], ...cells]).join('\n'));
  if (!models.every((model) => parts.every((part) => same(model, part)))) throw new CommandFailure('Some bytes differ');
});

/** @param {string} dist @returns {Hashes} */
function trainWith(dist) {
  const script = join(ROOT, 'scripts/test/trained_bytes.mjs');
  const { status, stdout } = spawnSync(process.execPath, [script, dist], {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  if (status !== 0) throw new CommandFailure(`The build in ${dist} failed`);
  return JSON.parse(stdout.trim().split('\n').at(-1) ?? '');
}
