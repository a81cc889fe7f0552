// `npm run build`: the library, in parts. worker.js is a script that stands alone. webvera.js is the page's side, which finds
// it by a relative URL. bench.js shares gpu.js with session.js, which `worker: false` loads; webvera.js needs neither.
import { rmSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { build } from 'vite';
import { plainWorkerUrl } from './lib/build_plugins.mjs';

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

rmSync(`${root}dist`, { recursive: true, force: true });
// A classic script: bundlers emit it as it is, and some read it as one when they do.
await buildPart({
  lib: { entry: 'src/worker/entry.ts', formats: ['iife'], name: 'webvera', fileName: () => 'worker.js' },
});
await buildPart(
  {
    lib: {
      entry: { webvera: 'src/index.ts', bench: 'src/bench.ts' },
      formats: ['es'],
      fileName: (_format, name) => `${name}.js`,
    },
    rolldownOptions: {
      output: {
        chunkFileNames: ({ name }) => `${name.replaceAll('~', '_')}.js`,
        codeSplitting: {
          groups: [
            // A chunk for each set of those who share: the benchmark's needs must not become the page's.
            {
              name: 'shared',
              test: /\/src\/(core|adapters\/config)\b/,
              minShareCount: 2,
              priority: 1,
              entriesAware: true,
            },
            { name: 'gpu', minShareCount: 2 },
          ],
        },
      },
    },
  },
  [plainWorkerUrl()],
);
