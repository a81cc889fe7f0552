import { type BuildEnvironmentOptions, defineConfig, type LibraryOptions, type Plugin } from 'vite';
import {
  bareShaders,
  integrityOf,
  notLazy,
  plainWorkerUrl,
  scriptTagWorker,
  workerOnly,
} from './scripts/build/plugins.mjs';

/** A part of the library, by the mode that builds it. */
interface Part {
  readonly build: BuildEnvironmentOptions;
  readonly plugins: Plugin[];
  /** Packages that a part for Node bundles all the same. */
  readonly bundled?: readonly string[];
}

/**
 * worker.js is a script that stands alone, and so is chat_worker.js, where chat templates run. webvera.js is the page's side,
 * which finds them by relative URLs, and embed.js the same for a script tag, with the workers' hashes: it is built after them.
 * node.js and bench.js share here.js, what runs in the calling thread; cli.js, the package's command, imports both. `npm run
 * build` builds all of them, one after the other.
 */
const parts: Readonly<Record<string, () => Part>> = {
  // No module: bundlers emit it as it is, and some read it as a script when they do.
  worker: () => ({ build: { lib: script('src/worker/entry.ts', 'worker.js') }, plugins: [bareShaders()] }),
  chat: () => ({ build: { lib: script('src/chat/chat_entry.ts', 'chat_worker.js') }, plugins: [] }),
  page: () => ({ build: { lib: modules({ webvera: 'src/index.ts' }) }, plugins: [workerOnly(), plainWorkerUrl()] }),
  here: () => ({
    build: {
      lib: modules({ node: 'src/node.ts', bench: 'bench/index.ts' }),
      rolldownOptions: {
        output: { chunkFileNames: '[name].js', codeSplitting: { groups: [{ name: 'here', minShareCount: 2 }] } },
      },
    },
    // No part is lazy: bundlers that make one file of somebody's worker couldn't take it.
    plugins: [notLazy(), plainWorkerUrl(), bareShaders()],
  }),
  embed: () => ({
    build: { lib: script('src/embed.ts', 'embed.js') },
    plugins: [workerOnly(), scriptTagWorker(integrityOf('dist/worker.js'), integrityOf('dist/chat_worker.js'))],
  }),
  cli: () => ({
    build: {
      ssr: 'scripts/cli/main.mjs',
      sourcemap: false,
      minify: true,
      rolldownOptions: { external: /^webvera\//, output: { entryFileNames: 'cli.js', codeSplitting: false } },
    },
    plugins: [],
    bundled: ['fflate'],
  }),
};

export default defineConfig(({ mode }) => {
  const part = parts[mode]?.();
  if (part === undefined) throw new Error(`--mode: expected ${Object.keys(parts).join(', ')}, got ${mode}`);
  return {
    publicDir: false,
    logLevel: 'warn',
    plugins: part.plugins,
    ssr: { noExternal: [...(part.bundled ?? [])] },
    build: { target: 'es2022', sourcemap: true, emptyOutDir: false, ...part.build },
  };
});

/** A classic script, of one file. */
function script(entry: string, file: string): LibraryOptions {
  return { entry, formats: ['iife'], name: 'webvera', fileName: () => file };
}

function modules(entry: Record<string, string>): LibraryOptions {
  return { entry, formats: ['es'], fileName: (_format, name) => `${name}.js` };
}
