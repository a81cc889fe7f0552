// Writes an archive of the benchmark, for machines that have neither npm nor a network.
import { spawnSync } from 'node:child_process';
import { chmodSync, copyFileSync, mkdirSync, mkdtempSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { CommandFailure } from '../../scripts/shared/options.mjs';
import { onExit, remove } from '../../scripts/shared/processes.mjs';
import { APP } from './contents.mjs';

/** The name of the folder at the archive's top level. */
export const FOLDER = 'webvera-bench';
/** The largest allowed size of an archive in bytes. Larger archives would take too long to copy. */
export const MOST = 40e6;

const PROGRAMS = ['bench', 'node'];
/** The archive's native binaries. They need glibc, and `strip` makes them a few megabytes smaller. */
const BINARIES = ['node', `${APP}/node_modules/webgpu/dist/linux-x64/dawn.node`];

/**
 * @param {import('./contents.mjs').Contents} contents
 * @param {string} target path of the archive. An existing file is replaced only once the new archive is complete
 * @returns {{ bytes: number, glibc: string }} the archive's size, and the oldest glibc version with which its binaries run
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
    // If this machine has no `strip`, the binaries stay larger.
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
 * @throws {CommandFailure} if an archive of this size is too large
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
 * Compresses the folder into an archive. Equal files result in equal archives, byte for byte.
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
 * Returns the newest glibc version that a symbol imported by the binaries requires.
 * @param {readonly string[]} binaries
 */
function newestGlibc(binaries) {
  const asked = binaries.flatMap((path) => [...readFileSync(path, 'latin1').matchAll(/GLIBC_2\.(\d+)/g)]);
  return `2.${Math.max(...asked.map(([, minor]) => Number(minor)))}`;
}
