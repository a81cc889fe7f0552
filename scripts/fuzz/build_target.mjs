// Bundles a fuzz target into one JavaScript file, because Jazzer.js measures coverage by file and can't read TypeScript.
import { rmSync } from 'node:fs';
import { build } from 'vite';
import { ROOT } from '../shared/paths.mjs';

const ENTRY = 'virtual:fuzz';

/**
 * Bundles a target, with `fuzz` for Jazzer.js, `vary` for inputs from fast-check, and `repeat` for one input. Returns the file's path.
 * @param {string} target
 * @param {{ findings: string, out: string }} folders
 */
export async function buildTarget(target, { findings, out }) {
  const source = `
import { fuzzer } from '${ROOT}test/fuzz/engine';
import { judge } from '${ROOT}test/fuzz/judge';
import { vary as varied } from '${ROOT}test/fuzz/vary';
import { target } from '${ROOT}test/fuzz/targets/${target}';
export const fuzz = fuzzer(target, ${JSON.stringify(findings)});
export const vary = (options) => varied(fuzz, options);
export const repeat = (bytes) => judge(target, bytes);
`;
  const file = `${target}.cjs`;
  rmSync(`${out}/${file}`, { force: true });
  await build({
    root: ROOT,
    configFile: false,
    publicDir: false,
    logLevel: 'warn',
    plugins: [
      {
        name: 'fuzz',
        resolveId: (id) => (id === ENTRY ? `\0${ENTRY}` : null),
        load: (id) => (id === `\0${ENTRY}` ? source : null),
      },
    ],
    ssr: { noExternal: true },
    build: {
      ssr: true,
      outDir: out,
      emptyOutDir: false,
      minify: false,
      rolldownOptions: {
        input: ENTRY,
        output: { format: 'cjs', entryFileNames: file, codeSplitting: false },
      },
    },
  });
  return `${out}/${file}`;
}
