import { spawnSync } from 'node:child_process';
import { ROOT } from './paths.mjs';

/**
 * Runs the npm that started this process, or the machine's npm if none did.
 * @param {readonly string[]} args
 * @param {{ cwd?: string, stdio?: 'inherit' }} [options] `stdio`: prints npm's output
 * @returns {string} npm's standard output; empty if it is printed
 */
export function npm(args, { cwd = ROOT, stdio } = {}) {
  const own = process.env.npm_execpath;
  const [program, first] = own === undefined ? ['npm', []] : [process.execPath, [own]];
  const { status, stdout, stderr, error } = spawnSync(program, [...first, ...args], {
    cwd,
    encoding: 'utf8',
    shell: own === undefined && process.platform === 'win32',
    ...(stdio && { stdio }),
  });
  if (status === 0) return stdout ?? '';
  throw new Error(`npm ${args.join(' ')} failed: ${error?.message ?? ''}\n${stdout ?? ''}${stderr ?? ''}`);
}
