import { readdirSync } from 'node:fs';
import { sep } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The folder of the repository, or of an unpacked archive of the benchmark, with a slash at its end. */
export const ROOT = fileURLToPath(new URL('../../', import.meta.url));

/** @param {string} path relative to the root, with slashes */
export const inRepository = (path) => ROOT + path;

/** Returns the paths of all files and folders below a folder, relative to it and with slashes. @param {string} folder */
export function pathsBelow(folder) {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' }).map((name) => name.split(sep).join('/'));
}
