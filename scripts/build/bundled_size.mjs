import { build } from 'vite';
import { inRepository } from '../shared/paths.mjs';

const ENTRY = '\0imports';

/**
 * Bundles a script that imports these names from webvera.js.
 * @param {string} names with commas between them
 * @returns {Promise<{ first: number, all: number }>} minified bytes: `first` of the entry script, `all` with scripts that it loads later
 */
export async function bundledSize(names) {
  const code = `import { ${names} } from ${JSON.stringify(inRepository('dist/webvera.js'))}; globalThis.used = [${names}];`;
  const made = await build({
    configFile: false,
    logLevel: 'error',
    plugins: [
      {
        name: 'imports',
        resolveId: (source) => (source === ENTRY ? ENTRY : undefined),
        load: (id) => (id === ENTRY ? code : undefined),
      },
    ],
    build: { write: false, minify: true, modulePreload: false, rolldownOptions: { input: ENTRY } },
  });
  const { output } = /** @type {import('vite').Rollup.RollupOutput} */ (made);
  const chunks = output.flatMap((file) => (file.type === 'chunk' ? [file] : []));
  const bytes = (/** @type {typeof chunks} */ some) => some.reduce((sum, { code }) => sum + Buffer.byteLength(code), 0);
  return { first: bytes(chunks.filter(({ isEntry }) => isEntry)), all: bytes(chunks) };
}
