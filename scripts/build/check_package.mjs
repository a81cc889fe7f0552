// The last part of `npm run check`: checks the packed package, its public API and its size. With `--update` (`npm run api`), only writes
// the API reports.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { publint } from 'publint';
import { formatMessage } from 'publint/utils';
import { inRepository } from '../shared/paths.mjs';
import { onExit, remove } from '../shared/processes.mjs';
import { checkApiReports } from './api_report.mjs';
import { buildIfStale } from './build_if_stale.mjs';
import { bundledSize } from './bundled_size.mjs';
import { packed } from './tarball.mjs';

const KIB = 1024;

/**
 * Budgets for the size of files that pages load, in bytes after gzip. `first load` counts all files that a page loads before it can
 * train, without a model.
 * @type {Readonly<Record<string, { files: readonly string[], most: number }>>}
 */
const BUDGETS = {
  'webvera.js': { files: ['webvera.js', 'session.js', 'asks.js'], most: 79 * KIB },
  'worker.js': { files: ['worker.js'], most: 326 * KIB },
  'chat_worker.js': { files: ['chat_worker.js'], most: 20 * KIB },
  'ai.js': { files: ['ai.js'], most: 3 * KIB },
  'embed.js': { files: ['embed.js'], most: 90 * KIB },
  'first load': { files: ['webvera.js', 'session.js', 'asks.js', 'worker.js'], most: 405 * KIB },
  'first load of embed.js': { files: ['embed.js', 'worker.js'], most: 415 * KIB },
};

/** The budget of the unpacked package, in bytes. The package has no source maps: they would take most of the bytes. */
const MOST_UNPACKED = 3.66 * 2 ** 20;

/**
 * Budgets for imports of some names, in minified bytes after bundling: `first` for the script that loads first, `all` including the parts
 * that load when the functions are called.
 * @type {readonly { readonly names: string, readonly first: number, readonly all: number }[]}
 */
const IMPORTS = [{ names: 'probe, estimate', first: 4 * KIB, all: 46 * KIB }];

const kib = (/** @type {number} */ bytes) => `${(bytes / KIB).toFixed(1)} KiB`;

/** @param {string} tarball */
async function lint(tarball) {
  const bytes = readFileSync(tarball);
  const data = bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength);
  const { messages, pkg } = await publint({ pack: { tarball: /** @type {ArrayBuffer} */ (data) } });
  return messages.map((message) => `publint: ${formatMessage(message, pkg)}`);
}

/** Checks that projects with ES modules find the types: the package has no CommonJS build. @param {string} tarball */
function checkTypes(tarball) {
  const cli = inRepository('node_modules/@arethetypeswrong/cli/dist/index.js');
  const args = [cli, tarball, '--profile', 'esm-only', '--format', 'ascii', '--no-emoji'];
  const { status, stdout, stderr } = spawnSync(process.execPath, args, { encoding: 'utf8' });
  return status === 0 ? [] : [`arethetypeswrong:\n${stdout}${stderr}`];
}

function checkSizes() {
  return Object.entries(BUDGETS).flatMap(([name, { files, most }]) => {
    const paths = files.map((file) => inRepository(`dist/${file}`));
    if (!paths.every(existsSync)) return [];
    const bytes = paths.reduce((sum, path) => sum + gzipSync(readFileSync(path), { level: 9 }).length, 0);
    console.log(`${name.padEnd(24)} ${kib(bytes).padStart(9)} of ${kib(most)}`);
    return bytes <= most ? [] : [`${name} has ${kib(bytes)} after gzip; its budget is ${kib(most)}`];
  });
}

/** @param {ReturnType<typeof packed>} made */
function checkContents({ files, unpackedSize }) {
  console.log(`${'unpacked'.padEnd(24)} ${kib(unpackedSize).padStart(9)} of ${kib(MOST_UNPACKED)}`);
  const maps = files.filter(({ path }) => path.endsWith('.map')).map(({ path }) => `the package has ${path}`);
  if (unpackedSize <= MOST_UNPACKED) return maps;
  return [...maps, `the package has ${kib(unpackedSize)} unpacked; its budget is ${kib(MOST_UNPACKED)}`];
}

async function checkImports() {
  const checked = IMPORTS.map(async ({ names, first, all }) => {
    const size = await bundledSize(names);
    console.log(
      `{ ${names} }`.padEnd(24),
      `${kib(size.first)} of ${kib(first)} at first, ${kib(size.all)} of ${kib(all)} in all`,
    );
    if (size.first <= first && size.all <= all) return [];
    return [
      `import { ${names} } costs ${kib(size.first)} at first and ${kib(size.all)} in all; its budget is ${kib(first)} and ${kib(all)}`,
    ];
  });
  return (await Promise.all(checked)).flat();
}

buildIfStale();
const update = process.argv.includes('--update');
const complaints = checkApiReports({ update });
if (!update) {
  const folder = mkdtempSync(join(tmpdir(), 'webvera-'));
  const clean = onExit(() => remove(folder));
  const made = packed(folder);
  const { tarball } = made;
  complaints.push(...(await lint(tarball)), ...checkTypes(tarball), ...checkSizes(), ...checkContents(made));
  complaints.push(...(await checkImports()));
  clean();
}
if (complaints.length > 0) {
  console.error(complaints.join('\n'));
  process.exitCode = 1;
}
