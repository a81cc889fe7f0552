// `finetune --export`: writes the files from which Python continues a run.
import { mkdirSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { integer, UsageError } from '../shared/options.mjs';
import { size } from '../shared/progress.mjs';
import { zipFiles } from '../shared/zip.mjs';

/** @typedef {{ path: string, after: number }} Export `after`: steps to train here before the export */

export const EXPORT_FLAGS = /** @type {const} */ ({
  export: { type: 'string' },
  export_after: { type: 'string' },
});

/** The maximum number of steps by which a training run can be ahead of its last reported step. */
const AHEAD = 4;

/**
 * @param {import('../shared/options.mjs').Flags} flags
 * @param {number} max_steps
 * @param {(path: unknown) => string} path
 * @returns {Export | undefined}
 */
export function readExport(flags, max_steps, path) {
  if (flags.export === undefined) {
    if (flags.export_after !== undefined) throw new UsageError('--export_after needs --export, which says where to');
    return undefined;
  }
  if (path(flags.export) === path(flags.out)) {
    throw new UsageError('--export: expected another folder than --out, because both get a run.json');
  }
  if (max_steps < AHEAD) throw new UsageError(`--export: expected --max_steps ${AHEAD} or more, to have some left`);
  const most = max_steps - AHEAD;
  const after = integer('export_after', flags.export_after ?? Math.min(10, most), { min: 0, max: most });
  return { path: path(flags.export), after };
}

/** Creates the folder, and checks the path, before the training. @param {Export | undefined} exported */
export function prepareExport(exported) {
  if (exported === undefined) return;
  const { path } = exported;
  try {
    mkdirSync(isZip(path) ? dirname(path) : path, { recursive: true });
  } catch {
    throw new UsageError(`--export: cannot write to ${path}`);
  }
  if (isZip(path) ? statSync(path, { throwIfNoEntry: false })?.isDirectory() : readdirSync(path).length > 0) {
    throw new UsageError(`--export: expected an empty folder, or the name of a zip, got ${path}`);
  }
}

/**
 * @param {Export} exported
 * @param {ReadonlyMap<string, Blob> | undefined | null} files missing if the run ended before the export
 */
export async function writeExport({ path, after }, files) {
  if (!files) {
    console.log(`Nothing is exported: the training ended before it stood still at step ${after}.`);
    return;
  }
  const written = isZip(path) ? new Map([[path, await zipFiles(files)]]) : inFolder(path, files);
  let bytes = 0;
  for (const [file, blob] of written) {
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, Buffer.from(await blob.arrayBuffer()));
    bytes += blob.size;
  }
  const shown = relative(process.cwd(), path) || '.';
  console.log(`  ${shown}  ${size(bytes)}, to go on with in Python: its README.md has the commands`);
}

/** @param {string} folder @param {ReadonlyMap<string, Blob>} files */
function inFolder(folder, files) {
  return new Map([...files].map(([path, blob]) => [join(folder, path), blob]));
}

/** @param {string} path */
function isZip(path) {
  return path.endsWith('.zip');
}
