// Where what the benchmark needs lies: in the repository, or in an archive of `npm run bench:pack`, whose folders are laid out alike.
import { existsSync } from 'node:fs';
import { pathToFileURL } from 'node:url';
import { inRepository } from '../../scripts/shared/paths.mjs';

const peers = inRepository('peers/');

/** Only an archive has peers that are bundled, and nothing that bundles, builds or installs. */
export const isPacked = existsSync(peers);

/** The model that comes with the demo, with a slash at its end. */
export const BUNDLED_MODEL = inRepository('demo/public/models/prose-1.4M/');

/**
 * The built library for Node.
 * @returns {Promise<typeof import('../../src/node')>}
 */
export function loadLibrary() {
  return import(pathToFileURL(inRepository('dist/node.js')).href);
}

/**
 * What it is measured with.
 * @returns {Promise<typeof import('../index')>}
 */
export function loadBench() {
  return import(pathToFileURL(inRepository('dist/bench.js')).href);
}

/**
 * A peer's step, as `test/bench` has it; bundled, if that isn't done yet.
 * @param {string} name of its module
 * @returns {Promise<any>}
 */
export async function loadPeer(name) {
  if (isPacked) return import(pathToFileURL(peers + name).href);
  const { importBundled } = await import('../peers/bundle.mjs');
  return importBundled(name);
}
