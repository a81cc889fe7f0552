import { defineConfig, type LibraryOptions, type Plugin } from 'vite';
import { integrityOf, notLazy, plainWorkerUrl, scriptTagWorker, workerOnly } from './scripts/lib/build_plugins.mjs';

/** A part of the library, by the mode that builds it. */
interface Part {
  readonly lib: LibraryOptions;
  readonly plugins: Plugin[];
  /** The file of what several entries share. */
  readonly shared?: string;
}

/**
 * worker.js is a script that stands alone. webvera.js is the page's side, which finds it by a relative URL, and embed.js the
 * same for a script tag, with the worker's hash: it is built after it. node.js and bench.js share here.js, what runs in the
 * calling thread. `npm run build` builds all of them, one after the other.
 */
const parts: Readonly<Record<string, () => Part>> = {
  // No module: bundlers emit it as it is, and some read it as a script when they do.
  worker: () => ({ lib: script('src/worker/entry.ts', 'worker.js'), plugins: [] }),
  page: () => ({ lib: modules({ webvera: 'src/index.ts' }), plugins: [workerOnly(), plainWorkerUrl()] }),
  here: () => ({
    lib: modules({ node: 'src/node.ts', bench: 'src/bench.ts' }),
    plugins: [notLazy(), plainWorkerUrl()],
    // No part is lazy: bundlers that make one file of somebody's worker couldn't take it.
    shared: 'here',
  }),
  embed: () => ({
    lib: script('src/embed.ts', 'embed.js'),
    plugins: [workerOnly(), scriptTagWorker(integrityOf('dist/worker.js'))],
  }),
};

export default defineConfig(({ mode }) => {
  const part = parts[mode]?.();
  if (part === undefined) throw new Error(`--mode: expected ${Object.keys(parts).join(', ')}, got ${mode}`);
  const { lib, plugins, shared } = part;
  return {
    publicDir: false,
    logLevel: 'warn',
    plugins,
    build: {
      lib,
      target: 'es2022',
      sourcemap: true,
      emptyOutDir: false,
      ...(shared && {
        rolldownOptions: {
          output: { chunkFileNames: '[name].js', codeSplitting: { groups: [{ name: shared, minShareCount: 2 }] } },
        },
      }),
    },
  };
});

/** A classic script, of one file. */
function script(entry: string, file: string): LibraryOptions {
  return { entry, formats: ['iife'], name: 'webvera', fileName: () => file };
}

function modules(entry: Record<string, string>): LibraryOptions {
  return { entry, formats: ['es'], fileName: (_format, name) => `${name}.js` };
}
