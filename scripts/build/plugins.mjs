// Vite plugins that build the library's parts.
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { inRepository } from '../shared/paths.mjs';

/** @typedef {import('vite').Plugin} Plugin */

/**
 * Leaves out the code that runs a session in the calling thread, because pages run sessions only in workers.
 * @returns {Plugin}
 */
export const workerOnly = () => thisThread('page/rpc/worker_only');

/** Links the code that runs a session in the calling thread statically, instead of importing it lazily. @returns {Plugin} */
export const notLazy = () => thisThread('node/connect_here');

/** Turns lazy imports into static ones, for builds that must be one file. @returns {Plugin} */
export function eager() {
  return {
    name: 'eager',
    enforce: 'pre',
    transform: (code, id) => (id.endsWith('.ts') ? { code: linkedNow(code), map: null } : undefined),
  };
}

/** Replaces a module's awaited `import()`s of relative paths by import statements at its beginning. @param {string} code */
export function linkedNow(code) {
  /** @type {string[]} */
  const imports = [];
  const linked = code.replace(/\bawait import\(('\.[^']+')\)/g, (_, path) => {
    imports.push(`import * as late${imports.length} from ${path};`);
    return `await late${imports.length - 1}`;
  });
  return [...imports, linked].join('\n');
}

/** @param {string} module that replaces the page's `this_thread.ts` @returns {Plugin} */
function thisThread(module) {
  return {
    name: 'this-thread',
    enforce: 'pre',
    resolveId: (source) => (source.endsWith('/this_thread') ? inRepository(`src/${module}.ts`) : undefined),
  };
}

/** Removes comments, indentation, and spaces beside brackets, commas and operators from shaders. @returns {Plugin} */
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
 * Removes comments, indentation, and spaces beside brackets, commas and operators. WGSL has no strings, so anything that looks like a
 * comment is one.
 * @param {string} wgsl
 */
export function bareShader(wgsl) {
  return (
    wgsl
      .replace(/\/\*[\s\S]*?\*\//g, ' ')
      .replace(/\s*\/\/.*$/gm, '')
      .replace(/^\s+/gm, '')
      .replace(/ ?([{}(),;:]) ?/g, '$1')
      // Keeps the space between > and =, which would be one operator, and between / and *, which would begin a comment.
      .replace(/(?<![>/]) ?(->|[=!<]=|&&|\|\||[+*/%-]=|[=+*%]|\/(?! ?[*/])) ?/g, '$1')
  );
}

/** The workers, each with its path in the sources, a placeholder during the build, and its built file. */
const WORKERS = [
  { source: "'../../worker/entry.ts'", name: '__WEBVERA_WORKER__', file: './worker.js' },
  { source: "'../../chat/chat_entry.ts'", name: '__WEBVERA_CHAT_WORKER__', file: './chat_worker.js' },
];

/** Writes the workers' URLs in the form that other bundlers recognise, relative to the built file. @returns {Plugin} */
export function plainWorkerUrl() {
  return {
    name: 'plain-worker-url',
    enforce: 'pre',
    // Hides the URLs from Vite: it would bundle another copy of a worker for each URL that it recognises.
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
 * Makes the script for a script tag fetch its workers from its own folder, and reject workers with other hashes.
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
    resolveId: (source) =>
      source.endsWith('/default_worker') ? inRepository('src/page/rpc/script_tag_worker.ts') : undefined,
  };
}

/**
 * Begins a script with a byte order mark. Without it, a browser reads a classic script in the encoding of its page, which is not always
 * UTF-8. It reads modules and workers as UTF-8.
 * @returns {Plugin}
 */
export function markUtf8() {
  return {
    name: 'mark-utf8',
    generateBundle(_options, bundle) {
      for (const file of Object.values(bundle)) if (file.type === 'chunk') file.code = `\uFEFF${file.code}`;
    },
  };
}

/** Leaves the library out of the bundle: the built module imports webvera.js from its own folder. @returns {Plugin} */
export function besidePage() {
  const index = inRepository('src/index.ts');
  return {
    name: 'beside-page',
    enforce: 'pre',
    async resolveId(source, importer) {
      if (!/^\.{1,2}\/index$/.test(source)) return undefined;
      const resolved = await this.resolve(source, importer, { skipSelf: true });
      return resolved?.id === index ? { id: './webvera.js', external: true } : undefined;
    },
  };
}

/** Returns a file's hash in the format of the HTML attribute `integrity`. @param {string} file */
export function integrityOf(file) {
  return `sha384-${createHash('sha384').update(readFileSync(file)).digest('base64')}`;
}
