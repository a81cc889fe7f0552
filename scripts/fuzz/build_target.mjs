// Bundles a fuzz target into one JavaScript file, because Jazzer.js measures coverage by file and can't read TypeScript.
import { readdirSync, rmSync } from 'node:fs';
import { basename, join } from 'node:path';
import { build } from 'vite';
import { inRepository, ROOT } from '../shared/paths.mjs';

const ENTRY = 'virtual:fuzz';

/** Returns the paths of the targets' modules, by target name. */
export function targetFiles() {
  const folder = inRepository('test/fuzz/targets');
  const files = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((file) => file.endsWith('.ts'));
  const named = files.map((file) => /** @type {const} */ ([basename(file, '.ts'), join(folder, file)]));
  return new Map(named.filter(([name]) => name !== 'index'));
}

/**
 * Bundles a target into a file, and returns the file's path. The file exports `fuzz` for Jazzer.js, `vary` for inputs from fast-check, and
 * `repeat` for one input.
 * @param {string} target
 * @param {{ findings: string, out: string }} folders
 */
export async function buildTarget(target, { findings, out }) {
  const source = `
import { fuzzer } from ${JSON.stringify(inRepository('test/fuzz/engine'))};
import { judge } from ${JSON.stringify(inRepository('test/fuzz/judge'))};
import { vary as varied } from ${JSON.stringify(inRepository('test/fuzz/vary'))};
import { target } from ${JSON.stringify(targetFiles().get(target))};
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
