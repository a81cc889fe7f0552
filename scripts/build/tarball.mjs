import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { ROOT } from '../shared/paths.mjs';

/**
 * Runs npm as whoever started this does.
 * @param {readonly string[]} args
 * @param {{ cwd?: string, env?: Readonly<Record<string, string>> }} [options]
 * @returns {string} what it printed
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
 * What `npm publish` would send, of what is built.
 * @param {string} folder where it goes
 * @returns {string} its path
 */
export function pack(folder) {
  const printed = npm(['pack', '--json', '--ignore-scripts', '--pack-destination', folder]);
  const [{ filename }] = JSON.parse(printed);
  return join(folder, filename);
}
