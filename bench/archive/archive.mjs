// Writes an archive of the benchmark, for machines that have neither npm nor a network.
import { spawnSync } from 'node:child_process';
import { chmodSync, copyFileSync, mkdirSync, mkdtempSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { CommandFailure } from '../../scripts/shared/options.mjs';
import { onExit, remove } from '../../scripts/shared/processes.mjs';
import { APP } from './contents.mjs';

/** The folder that the archive contains. */
export const FOLDER = 'webvera-bench';
/** Most bytes of an archive, so that copying it is quick. */
export const MOST = 40e6;

const PROGRAMS = ['bench', 'node'];
/** Files that `strip` makes smaller by a few megabytes, and that need a C library. */
const BINARIES = ['node', `${APP}/node_modules/webgpu/dist/linux-x64/dawn.node`];

/**
 * @param {import('./contents.mjs').Contents} contents
 * @param {string} target path of the archive. It is replaced only by a complete archive
 * @returns {{ bytes: number, glibc: string }} size of the archive, and the oldest C library that its programs run with
 * @throws {CommandFailure} if the archive is too large, or this machine has no tar or xz
 */
export function writeArchive(contents, target) {
  const stage = mkdtempSync(join(tmpdir(), 'webvera-'));
  const clean = onExit(() => remove(stage));
  try {
    const folder = join(stage, FOLDER);
    for (const [path, content] of contents) writeContent(join(folder, path), content);
    for (const program of PROGRAMS.filter((path) => contents.has(path))) chmodSync(join(folder, program), 0o755);
    const binaries = BINARIES.filter((path) => contents.has(path)).map((path) => join(folder, path));
    // Without `strip` the files stay larger.
    for (const binary of binaries) spawnSync('strip', [binary]);
    const archive = join(stage, 'archive');
    compress(stage, archive);
    const bytes = expectSmall(statSync(archive).size);
    mkdirSync(dirname(target), { recursive: true });
    copyFileSync(archive, target);
    return { bytes, glibc: newestGlibc(binaries) };
  } finally {
    clean();
  }
}

/**
 * @param {number} bytes
 * @throws {CommandFailure} if they are too many
 */
export function expectSmall(bytes) {
  if (bytes <= MOST) return bytes;
  throw new CommandFailure(`the archive has ${megabytes(bytes)} and may have ${megabytes(MOST)}: nothing was written`);
}

/** @param {number} bytes */
export function megabytes(bytes) {
  return `${(bytes / 1e6).toFixed(1)} MB`;
}

/**
 * @param {string} path
 * @param {import('./contents.mjs').Content} content
 */
function writeContent(path, content) {
  mkdirSync(dirname(path), { recursive: true });
  if ('file' in content) copyFileSync(content.file, path);
  else writeFileSync(path, content.text);
  chmodSync(path, 0o644);
}

/**
 * Compresses the folder. Equal files make equal bytes.
 * @param {string} stage
 * @param {string} archive
 */
function compress(stage, archive) {
  const alike = ['--sort=name', '--mtime=@0', '--owner=0', '--group=0', '--numeric-owner'];
  const { status, stderr, error } = spawnSync('tar', [...alike, '-cJf', archive, '-C', stage, FOLDER], {
    env: { ...process.env, XZ_OPT: '-6 -T0' },
    encoding: 'utf8',
  });
  if (status !== 0) throw new CommandFailure(`tar failed: ${error?.message ?? stderr.trim()}`);
}

/**
 * The newest version of glibc among the names of the symbols that the binaries import.
 * @param {readonly string[]} binaries
 */
function newestGlibc(binaries) {
  const asked = binaries.flatMap((path) => [...readFileSync(path, 'latin1').matchAll(/GLIBC_2\.(\d+)/g)]);
  return `2.${Math.max(...asked.map(([, minor]) => Number(minor)))}`;
}
