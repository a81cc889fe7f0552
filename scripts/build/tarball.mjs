import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { ROOT } from '../shared/paths.mjs';

/**
 * Runs the npm that started this process.
 * @param {readonly string[]} args
 * @param {{ cwd?: string, env?: Readonly<Record<string, string>> }} [options]
 * @returns {string} npm's output
 */
export function npm(args, { cwd = ROOT, env = {} } = {}) {
  const own = process.env.npm_execpath;
  const [program, first] = own === undefined ? ['npm', []] : [process.execPath, [own]];
  const { status, stdout, stderr, error } = spawnSync(program, [...first, ...args], {
    cwd,
    env: { ...process.env, ...env },
    encoding: 'utf8',
    shell: own === undefined && process.platform === 'win32',
  });
  if (status === 0) return stdout;
  throw new Error(`npm ${args.join(' ')} failed: ${error?.message ?? ''}\n${stdout ?? ''}${stderr ?? ''}`);
}

/**
 * Packs the built package as `npm publish` would.
 * @param {string} folder for the tarball
 * @returns {string} path of the tarball
 */
export function pack(folder) {
  const printed = npm(['pack', '--json', '--ignore-scripts', '--pack-destination', folder]);
  const [{ filename }] = JSON.parse(printed);
  return join(folder, filename);
}
