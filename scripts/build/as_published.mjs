// A Vite plugin for files that the demo serves unchanged, so that visitors see exactly the files that they may copy.
import { readdirSync, readFileSync } from 'node:fs';
import { inRepository } from '../shared/paths.mjs';
import { buildIfStale } from './build_if_stale.mjs';

const EXAMPLES = inRepository('demo/examples/');

/**
 * Maps the files' paths in the demo's URL to their paths on this machine. The files are the script for a script tag, its workers, and the
 * examples.
 * @returns {ReadonlyMap<string, string>}
 */
function published() {
  const examples = readdirSync(EXAMPLES).map((name) => /** @type {const} */ ([`examples/${name}`, EXAMPLES + name]));
  const scripts = ['embed.js', 'worker.js', 'chat_worker.js'].map(
    (name) => /** @type {const} */ ([name, inRepository(`dist/${name}`)]),
  );
  return new Map([...scripts, ...examples]);
}

/** @returns {import('vite').Plugin} */
export function asPublished() {
  return {
    name: 'as-published',
    buildStart: buildIfStale,
    configureServer(server) {
      server.middlewares.use((request, response, next) => {
        const name = new URL(request.url ?? '', 'http://localhost').pathname.slice(1);
        const file = published().get(name);
        if (file === undefined) return next();
        response.setHeader('Content-Type', name.endsWith('.js') ? 'text/javascript' : 'text/html; charset=utf-8');
        response.end(readFileSync(file));
      });
    },
    generateBundle() {
      for (const [fileName, file] of published()) {
        this.emitFile({ type: 'asset', fileName, source: readFileSync(file) });
      }
    },
  };
}
