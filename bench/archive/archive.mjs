// One archive of the benchmark, for machines that have neither npm nor a network.
import { spawnSync } from 'node:child_process';
import { chmodSync, copyFileSync, mkdirSync, mkdtempSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { CommandFailure } from '../../scripts/shared/options.mjs';
import { onExit, remove } from '../../scripts/shared/processes.mjs';
import { APP } from './contents.mjs';

/** The folder in it. */
export const FOLDER = 'webvera-bench';
/** Bytes, so that it is soon copied anywhere. */
export const MOST = 40e6;

const PROGRAMS = ['bench', 'node'];
/** What strip takes a few megabytes of, and what asks for a C library. */
const BINARIES = ['node', `${APP}/node_modules/webgpu/dist/linux-x64/dawn.node`];

/**
 * @param {import('./contents.mjs').Contents} contents
 * @param {string} target the archive's path; what lies there stays unless a whole one takes its place
 * @returns {{ bytes: number, glibc: string }} its size, and the oldest C library that it runs with
 * @throws {CommandFailure} it would be too large, or this machine has no tar or xz
 */
export function writeArchive(contents, target) {
  const stage = mkdtempSync(join(tmpdir(), 'webvera-'));
  const clean = onExit(() => remove(stage));
  try {
    const folder = join(stage, FOLDER);
    for (const [path, content] of contents) writeContent(join(folder, path), content);
    for (const program of PROGRAMS.filter((path) => contents.has(path))) chmodSync(join(folder, program), 0o755);
    const binaries = BINARIES.filter((path) => contents.has(path)).map((path) => join(folder, path));
    // Where there is no strip, they are larger.
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
 * @throws {CommandFailure} they are too many
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
 * The same bytes for the same files.
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
 * As the names of the symbols say that programs take from it.
 * @param {readonly string[]} binaries
 */
function newestGlibc(binaries) {
  const asked = binaries.flatMap((path) => [...readFileSync(path, 'latin1').matchAll(/GLIBC_2\.(\d+)/g)]);
  return `2.${Math.max(...asked.map(([, minor]) => Number(minor)))}`;
}
