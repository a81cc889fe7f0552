// `npm run build`: the library, in parts. worker.js is a script that stands alone. webvera.js is the page's side, which finds
// it by a relative URL. node.js and bench.js share here.js: what runs in the calling thread.
import { rmSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { build } from 'vite';
import { plainWorkerUrl, workerOnly } from './lib/build_plugins.mjs';

/** @typedef {import('vite').Plugin} Plugin */
/** @typedef {import('vite').BuildEnvironmentOptions} BuildOptions */

const root = fileURLToPath(new URL('../', import.meta.url));

/**
 * @param {BuildOptions} part
 * @param {Plugin[]} [plugins]
 */
function buildPart(part, plugins = []) {
  const options = { target: 'es2022', sourcemap: true, emptyOutDir: false, ...part };
  return build({ root, configFile: false, publicDir: false, logLevel: 'warn', plugins, build: options });
}

/** @param {Readonly<Record<string, string>>} entry */
function modules(entry) {
  const fileName = (/** @type {string} */ _format, /** @type {string} */ name) => `${name}.js`;
  return { entry, formats: /** @type {'es'[]} */ (['es']), fileName };
}

rmSync(`${root}dist`, { recursive: true, force: true });
// A classic script: bundlers emit it as it is, and some read it as one when they do.
await buildPart({
  lib: { entry: 'src/worker/entry.ts', formats: ['iife'], name: 'webvera', fileName: () => 'worker.js' },
});
await buildPart({ lib: modules({ webvera: 'src/index.ts' }) }, [workerOnly(), plainWorkerUrl()]);
await buildPart(
  {
    lib: modules({ node: 'src/node.ts', bench: 'src/bench.ts' }),
    rolldownOptions: {
      output: {
        chunkFileNames: '[name].js',
        // No part is lazy: bundlers that make one file of somebody's worker couldn't take it.
        codeSplitting: { groups: [{ name: 'here', test: /^(?!.*\/src\/(node|bench|page|index)\b)/ }] },
      },
    },
  },
  [plainWorkerUrl()],
);
