// Writes the list of a build's files into its service worker, which caches them for visits without a network.
import { createHash } from 'node:crypto';
import { readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathsBelow } from '../shared/paths.mjs';

/** The placeholder in the service worker that the list of files replaces. */
const PLACE = 'WEBVERA_SHELL';

/** Files that the service worker doesn't cache: those that no page loads, and models, which the library caches itself. */
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
 * Returns the paths of all files to cache, and a version that changes when one of these files or the script changes.
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
