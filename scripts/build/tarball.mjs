import { join } from 'node:path';
import { npm } from '../shared/npm.mjs';
import { ROOT } from '../shared/paths.mjs';

/**
 * Packs a built package as `npm publish` would, and lists the files of the tarball.
 * @param {string} folder for the tarball
 * @param {string} [root] the package's folder. Default: the library's
 * @returns {{ tarball: string, files: readonly { path: string, size: number }[], unpackedSize: number }}
 */
export function packed(folder, root = ROOT) {
  const printed = npm(['pack', '--json', '--ignore-scripts', '--pack-destination', folder], { cwd: root });
  const [{ filename, files, unpackedSize }] = JSON.parse(printed);
  return { tarball: join(folder, filename), files, unpackedSize };
}
