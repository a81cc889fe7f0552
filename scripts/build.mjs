// `npm run build`: the library, in parts. worker.js is a script that stands alone. webvera.js is the page's side, which finds
// it by a relative URL. node.js and bench.js share here.js: what runs in the calling thread.
import { rmSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { build } from 'vite';
import { notLazy, plainWorkerUrl, workerOnly } from './lib/build_plugins.mjs';
import { formatNotices, noticesOf } from './lib/notices.mjs';

/** @typedef {import('vite').Plugin} Plugin */
/** @typedef {import('vite').BuildEnvironmentOptions} BuildOptions */

const root = fileURLToPath(new URL('../', import.meta.url));
/** @type {Set<string>} The files of all that is built. */
const modules = new Set();

/**
 * @param {BuildOptions} part
 * @param {Plugin[]} [plugins]
 */
function buildPart(part, plugins = []) {
  const options = { target: 'es2022', sourcemap: true, emptyOutDir: false, ...part };
  /** @type {Plugin} */
  const listing = { name: 'listing', moduleParsed: ({ id }) => void modules.add(id) };
  return build({
    root,
    configFile: false,
    publicDir: false,
    logLevel: 'warn',
    plugins: [...plugins, listing],
    build: options,
  });
}

/** @param {Readonly<Record<string, string>>} entry */
function entries(entry) {
  const fileName = (/** @type {string} */ _format, /** @type {string} */ name) => `${name}.js`;
  return { entry, formats: /** @type {'es'[]} */ (['es']), fileName };
}

rmSync(`${root}dist`, { recursive: true, force: true });
// A classic script: bundlers emit it as it is, and some read it as one when they do.
await buildPart({
  lib: { entry: 'src/worker/entry.ts', formats: ['iife'], name: 'webvera', fileName: () => 'worker.js' },
});
await buildPart({ lib: entries({ webvera: 'src/index.ts' }) }, [workerOnly(), plainWorkerUrl()]);
await buildPart(
  {
    lib: entries({ node: 'src/node.ts', bench: 'src/bench.ts' }),
    rolldownOptions: {
      output: {
        chunkFileNames: '[name].js',
        codeSplitting: { groups: [{ name: 'here', minShareCount: 2 }] },
      },
    },
  },
  [notLazy(), plainWorkerUrl()],
);
writeFileSync(`${root}dist/THIRD-PARTY-NOTICES`, formatNotices(noticesOf(modules)));
