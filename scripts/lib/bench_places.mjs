// Where what the benchmark needs lies: in the repository, or in an archive of `npm run bench:pack`, whose folders are laid out alike.
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const root = new URL('../../', import.meta.url);
const peers = new URL('peers/', root);

/** Only an archive has peers that are bundled, and nothing that bundles, builds or installs. */
export const isPacked = existsSync(peers);

/** The model that comes with the demo, with a slash at its end. */
export const BUNDLED_MODEL = fileURLToPath(new URL('demo/public/models/prose-1.4M/', root));

/**
 * The built library for Node.
 * @returns {Promise<typeof import('../../src/node')>}
 */
export function loadLibrary() {
  return import(new URL('dist/node.js', root).href);
}

/**
 * What it is measured with.
 * @returns {Promise<typeof import('../../src/bench')>}
 */
export function loadBench() {
  return import(new URL('dist/bench.js', root).href);
}

/**
 * A peer's step, as `test/bench` has it; bundled, if that isn't done yet.
 * @param {string} name of its module
 * @returns {Promise<any>}
 */
export async function loadPeer(name) {
  if (isPacked) return import(new URL(name, peers).href);
  const { importBundled } = await import('../../test/bench/bundle.mjs');
  return importBundled(name);
}
