import { join } from 'node:path';
import { npm } from '../shared/npm.mjs';

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
