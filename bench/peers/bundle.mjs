// Bundles peers (the libraries with which webvera is compared) from their ES modules, as an application would, for a page or for Node.
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { build } from 'vite';
import { onExit, remove } from '../../scripts/shared/processes.mjs';

/**
 * Bundles one module with all modules that it imports, and returns the code.
 * @param {string} entry name of a file in this folder
 * @param {'page' | 'node'} platform
 * @param {import('vite').Plugin[]} [plugins]
 * @returns {Promise<string>}
 */
export async function bundle(entry, platform, plugins = []) {
  const result = await build({
    configFile: false,
    root: fileURLToPath(new URL('.', import.meta.url)),
    publicDir: false,
    plugins,
    logLevel: 'error',
    ...(platform === 'node' && { ssr: { noExternal: true, target: 'node' } }),
    build: {
      write: false,
      target: 'esnext',
      minify: false,
      modulePreload: false,
      ssr: platform === 'node',
      rolldownOptions: {
        input: fileURLToPath(new URL(entry, import.meta.url)),
        preserveEntrySignatures: 'strict',
        output: { format: 'es', codeSplitting: false },
      },
    },
  });
  const outputs = [result].flat();
  const chunk = outputs.flatMap((one) => ('output' in one ? one.output : [])).find(({ type }) => type === 'chunk');
  if (chunk?.type !== 'chunk') throw new Error(`${entry}: nothing was bundled`);
  return chunk.code;
}

/**
 * Bundles a module for Node, and imports the bundle.
 * @param {string} entry name of a file in this folder
 * @returns {Promise<any>}
 */
export async function importBundled(entry) {
  const folder = mkdtempSync(join(tmpdir(), 'webvera-'));
  const clean = onExit(() => remove(folder));
  try {
    const file = join(folder, 'peer.mjs');
    writeFileSync(file, await bundle(entry, 'node'));
    return await import(pathToFileURL(file).href);
  } finally {
    clean();
  }
}
