// Lists a build's files in its service worker, which stores them for visits without a network.
import { createHash } from 'node:crypto';
import { readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathsBelow } from '../shared/paths.mjs';

/** The name in the script that the list replaces. */
const PLACE = 'WEBVERA_SHELL';

/** Files that no page loads, and models, which the library caches itself. */
const LEFT_OUT = /^models\/|\/train\/|\.(?:md|map)$/;

/**
 * @param {string} script the name of the built service worker
 * @returns {import('vite').Plugin}
 */
export function offlineFiles(script) {
  return {
    name: 'offline-files',
    apply: 'build',
    writeBundle({ dir = '' }) {
      const code = readFileSync(join(dir, script), 'utf8');
      if (!code.includes(PLACE)) this.error(`${script}: expected ${PLACE}`);
      writeFileSync(join(dir, script), code.replaceAll(PLACE, JSON.stringify(shellOf(dir, script))));
    },
  };
}

/**
 * The paths of all files that work offline, and a version that changes with each of them and with the script.
 * @param {string} folder
 * @param {string} script
 */
export function shellOf(folder, script) {
  const paths = pathsBelow(folder).filter((path) => !LEFT_OUT.test(path) && statSync(join(folder, path)).isFile());
  const hash = createHash('sha256');
  for (const path of paths.sort()) hash.update(`${path}\n`).update(readFileSync(join(folder, path)));
  const files = paths.filter((path) => path !== script).map((path) => (path === 'index.html' ? '' : path));
  return { version: hash.digest('hex').slice(0, 16), files };
}
