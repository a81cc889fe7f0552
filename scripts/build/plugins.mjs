// How the library's parts are put together.
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { inRepository } from '../shared/paths.mjs';

/** @typedef {import('vite').Plugin} Plugin */

/**
 * For pages: sessions run in workers alone, and what another thread does is left out.
 * @returns {Plugin}
 */
export const workerOnly = () => thisThread('page/rpc/worker_only');

/**
 * For what runs in the calling thread, and has all of it at hand.
 * @returns {Plugin}
 */
export const notLazy = () => thisThread('node/this_thread');

/**
 * @param {string} module in the place of the page's `this_thread.ts`
 * @returns {Plugin}
 */
function thisThread(module) {
  return {
    name: 'this-thread',
    enforce: 'pre',
    resolveId: (source) => (source === './this_thread' ? inRepository(`src/${module}.ts`) : undefined),
  };
}

/**
 * Leaves comments and indentation out of shaders: they are for people, who read the sources.
 * @returns {Plugin}
 */
export function bareShaders() {
  const suffix = '.wgsl?raw';
  return {
    name: 'bare-shaders',
    enforce: 'pre',
    load(id) {
      if (!id.endsWith(suffix)) return undefined;
      return `export default ${JSON.stringify(bareShader(readFileSync(id.slice(0, -'?raw'.length), 'utf8')))}`;
    },
  };
}

/**
 * WGSL has no strings, so whatever looks like a comment is one.
 * @param {string} wgsl
 */
export function bareShader(wgsl) {
  return wgsl
    .replace(/\/\*[\s\S]*?\*\//g, ' ')
    .replace(/\s*\/\/.*$/gm, '')
    .replace(/^\s+/gm, '');
}

/** Workers by what starts them in the sources: what stands for one while it is built, and its file. */
const WORKERS = [
  { source: "'../../worker/entry.ts'", name: '__WEBVERA_WORKER__', file: './worker.js' },
  { source: "'../../chat/entry.ts'", name: '__WEBVERA_CHAT_WORKER__', file: './chat_worker.js' },
];

/**
 * Leaves the workers' URLs in the one form that other people's bundlers recognise, for files beside what is built.
 * @returns {Plugin}
 */
export function plainWorkerUrl() {
  return {
    name: 'plain-worker-url',
    enforce: 'pre',
    // Vite would build another worker for a URL that it can read.
    transform(code, id) {
      if (!id.endsWith('/page/rpc/default_worker.ts')) return undefined;
      const plain = WORKERS.reduce((text, { source, name }) => {
        if (!text.includes(source)) this.error(`found no ${source}`);
        return text.replace(source, name);
      }, code);
      return { code: plain, map: null };
    },
    generateBundle(_options, bundle) {
      const chunks = Object.values(bundle).filter((file) => file.type === 'chunk');
      for (const { name, file } of WORKERS) {
        const [chunk, another] = chunks.filter(({ code }) => code.includes(name));
        if (chunk === undefined || another !== undefined) this.error(`expected one URL of ${file}`);
        chunk.code = chunk.code.replace(name, JSON.stringify(file));
      }
    },
  };
}

/**
 * For a script tag: workers are fetched from beside the script, and are those of these hashes or none.
 * @param {string} integrity of worker.js
 * @param {string} chatIntegrity of chat_worker.js
 * @returns {Plugin}
 */
export function scriptTagWorker(integrity, chatIntegrity) {
  return {
    name: 'script-tag-worker',
    enforce: 'pre',
    config: () => ({
      define: {
        WORKER_INTEGRITY: JSON.stringify(integrity),
        CHAT_WORKER_INTEGRITY: JSON.stringify(chatIntegrity),
      },
    }),
    resolveId: (source) => (source === './default_worker' ? inRepository('src/page/script_tag_worker.ts') : undefined),
  };
}

/**
 * A file's hash, as an element's attribute `integrity` has it.
 * @param {string} file
 */
export function integrityOf(file) {
  return `sha384-${createHash('sha384').update(readFileSync(file)).digest('base64')}`;
}
