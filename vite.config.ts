import { defineConfig, type Plugin } from 'vite';

/**
 * The library: dist/webvera.js, and beside it a worker.js that stands alone, found by a relative URL. bench.js shares
 * gpu.js with session.js, which `worker: false` loads; webvera.js needs neither.
 */
export default defineConfig({
  base: './',
  publicDir: false,
  plugins: [plainWorkerUrl()],
  build: {
    target: 'es2022',
    lib: {
      entry: { webvera: 'src/index.ts', bench: 'src/bench.ts' },
      formats: ['es'],
      fileName: (_format, name) => `${name}.js`,
    },
    sourcemap: true,
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
  worker: {
    format: 'es',
    rolldownOptions: { output: { entryFileNames: 'worker.js', codeSplitting: false } },
  },
});

/** Writes the worker's URL in the one form that other people's bundlers recognise, without moving a line. */
function plainWorkerUrl(): Plugin {
  const wrapped =
    /\/\* @vite-ignore \*\/(\s*)new URL\("worker\.js", import\.meta\.url\)\.href,(\s*)"" \+ import\.meta\.url/;
  return {
    name: 'plain-worker-url',
    enforce: 'post',
    generateBundle(_options, bundle) {
      const entry = bundle['webvera.js'];
      if (entry?.type !== 'chunk' || !wrapped.test(entry.code)) this.error('webvera.js: found no URL of worker.js');
      entry.code = entry.code.replace(wrapped, '$1"./worker.js",$2import.meta.url');
    },
  };
}
