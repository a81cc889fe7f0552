import { type BuildEnvironmentOptions, defineConfig, type LibraryOptions, type Plugin } from 'vite';
import {
  bareShaders,
  besidePage,
  eager,
  integrityOf,
  markUtf8,
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
 * worker.js is a script that stands alone, and so is chat_worker.js, where chat templates run. webvera.js is the page's side. It imports
 * session.js, which finds the workers by relative URLs, and asks.js with `probe` and `estimate`, which load asked.js when they are
 * called: they need session.js and nothing else. embed.js is the same for a script tag, with the workers' hashes, and is built after them.
 * tag.js is the tag alone, and ai.js `webvera/ai`, as modules that import webvera.js. node.js and bench.js share here.js, what runs in the calling thread;
 * cli.js, the package's command, imports both. `npm run build` builds all of them, one after the other.
 */
const parts: Readonly<Record<string, () => Part>> = {
  // No module: bundlers emit it as it is, and some read it as a script when they do.
  worker: () => ({ build: { lib: script('src/worker/entry.ts', 'worker.js') }, plugins: [eager(), bareShaders()] }),
  chat: () => ({ build: { lib: script('src/chat/chat_entry.ts', 'chat_worker.js') }, plugins: [] }),
  page: () => ({
    build: {
      lib: modules({ webvera: 'src/index.ts' }),
      rolldownOptions: {
        output: {
          chunkFileNames: '[name].js',
          // Single letters would name other exports in the next release, so that a browser with chunks of both ran the wrong code.
          minifyInternalExports: false,
          codeSplitting: {
            groups: [
              { name: 'asks', test: /plans[\\/]asks/, priority: 1 },
              { name: 'session', minShareCount: 2 },
            ],
          },
        },
      },
    },
    plugins: [workerOnly(), plainWorkerUrl()],
  }),
  here: () => ({
    build: {
      lib: modules({ node: 'src/node.ts', bench: 'bench/index.ts' }),
      rolldownOptions: {
        output: { chunkFileNames: '[name].js', codeSplitting: { groups: [{ name: 'here', minShareCount: 2 }] } },
      },
    },
    // No part is lazy: bundlers that make one file of somebody's worker couldn't take it.
    plugins: [notLazy(), eager(), plainWorkerUrl(), bareShaders()],
  }),
  embed: () => ({
    build: { lib: script('src/embed.ts', 'embed.js') },
    plugins: [
      workerOnly(),
      eager(),
      scriptTagWorker(integrityOf('dist/worker.js'), integrityOf('dist/chat_worker.js')),
      markUtf8(),
    ],
  }),
  // For bundlers, beside webvera.js: the page's modules and the tag share sessions, and models for the AI SDK share errors.
  tag: () => ({
    build: { lib: modules({ tag: 'src/embed.ts', ai: 'src/ai.ts' }) },
    plugins: [besidePage()],
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
    build: {
      ...{ target: 'es2022', sourcemap: 'hidden', emptyOutDir: false, ...part.build },
      // Without a comment with each module's path, which would be a fiftieth of webvera.js.
      rolldownOptions: { ...part.build.rolldownOptions, experimental: { attachDebugInfo: 'none' } },
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
