import { readdirSync } from 'node:fs';
import { sep } from 'node:path';
import { fileURLToPath } from 'node:url';

/**
 * Returns a path with slashes, as Vite writes the paths of modules on every system.
 * @param {string} path
 * @param {string} [separator] Default: this system's
 */
export const withSlashes = (path, separator = sep) => path.replaceAll(separator, '/');

/** The folder of the repository, or of an unpacked archive of the benchmark, with slashes, also at its end. */
export const ROOT = withSlashes(fileURLToPath(new URL('../../', import.meta.url)));

/** @param {string} path relative to the root, with slashes */
export const inRepository = (path) => ROOT + path;

/** Returns the paths of all files and folders below a folder, relative to it and with slashes. @param {string} folder */
export function pathsBelow(folder) {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' }).map((name) => withSlashes(name));
}
