// Finds the benchmark's files, in the repository or in an archive of `npm run bench:pack`. Both have the same layout.
import { existsSync } from 'node:fs';
import { pathToFileURL } from 'node:url';
import { inRepository } from '../scripts/shared/paths.mjs';

const peers = inRepository('peers/');

/** Whether the benchmark runs from an archive, which contains bundled peers, but no code that bundles, builds or installs. */
export const isPacked = existsSync(peers);

/** The path of the folder with the demo's model, with a slash at its end. */
export const BUNDLED_MODEL = inRepository('demo/public/models/prose-1.4M/');

/**
 * Imports the built library for Node.
 * @returns {Promise<typeof import('../src/node')>}
 */
export function loadLibrary() {
  return import(pathToFileURL(inRepository('dist/node.js')).href);
}

/**
 * Imports the built `webvera/bench`.
 * @returns {Promise<typeof import('./index')>}
 */
export function loadBench() {
  return import(pathToFileURL(inRepository('dist/bench.js')).href);
}

/**
 * Imports a peer's training step. In the repository it bundles the peer's module first; in the packed bench the module is bundled already.
 * @param {string} name file name of the peer's module in bench/peers
 * @returns {Promise<any>}
 */
export async function loadPeer(name) {
  if (isPacked) return import(pathToFileURL(peers + name).href);
  const { importBundled } = await import('./peers/bundle.mjs');
  return importBundled(name);
}
