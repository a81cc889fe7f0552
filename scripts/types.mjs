// The last part of `npm run build`: of the types that tsc left in dist/types, one file for each entry.
import { cpSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { invokeExtractor } from './lib/extractor.mjs';

const dist = fileURLToPath(new URL('../dist/', import.meta.url));
const ENTRIES = { webvera: 'index', node: 'node/extras', bench: 'bench', embed: 'embed' };

/** `AsyncDisposable`, for projects whose `lib` is older than ours. */
const DISPOSABLE = '/// <reference lib="esnext.disposable" />\n';

/**
 * TypeScript's own `dom` has WebGPU's types since 6.0. They can't stand beside those of `@webgpu/types`, from which they differ,
 * so package.json leads compilers that lack them (`types@<6`) to files of their own, which refer to the package.
 */
const WEBGPU = '/// <reference types="@webgpu/types" />\n';

/** What a script tag leaves behind. The script itself exports nothing: the element's class is a type. */
const GLOBALS = `
export type { WebVeraElement };
declare global {
    interface HTMLElementTagNameMap {
        'web-vera': WebVeraElement;
    }
    interface HTMLElementEventMap extends WebVeraElementEventMap {}
    interface Window {
        /** All that \`webvera\` exports. */
        WebVera: typeof import('./webvera.js');
    }
}
`;

/** What the element's types call `webvera` while they are put together. */
const NEIGHBOUR = 'webvera-neighbour';

/** @type {string[]} */
const complaints = [];
mkdirSync(`${dist}ts5`, { recursive: true });
for (const [name, module] of Object.entries(ENTRIES)) {
  const file = `${dist}${name}.d.ts`;
  if (name === 'embed') standOnPublicNames();
  complaints.push(
    ...invokeExtractor(`${dist}types/${module}.d.ts`, { dtsRollup: { enabled: true, untrimmedFilePath: file } }),
  );
  const rolled = readFileSync(file, 'utf8').replace(
    'export declare class WebVeraElement',
    'declare class WebVeraElement',
  );
  const types = rolled.replaceAll(` from '${NEIGHBOUR}';`, " from './webvera.js';");
  // What takes a model of `webvera` takes one of `webvera/node`, so both have the same types.
  const names = name === 'node' ? "export * from './webvera.js';\n" : '';
  writeFileSync(file, DISPOSABLE + names + types + (name === 'embed' ? GLOBALS : ''));
  writeFileSync(`${dist}ts5/${name}.d.ts`, `${WEBGPU}export * from '../${name}.js';\n`);
}
writeFileSync(`${dist}worker.d.ts`, '/** A script for a worker: it has no exports. */\nexport {};\n');
rmSync(`${dist}types`, { recursive: true });

if (complaints.length > 0) {
  console.error(complaints.join('\n'));
  process.exitCode = 1;
}

/** The element's types name what is public as if it were a package beside them: that isn't taken in. */
function standOnPublicNames() {
  const neighbour = `${dist}types/node_modules/${NEIGHBOUR}/`;
  mkdirSync(neighbour, { recursive: true });
  cpSync(`${dist}webvera.d.ts`, `${neighbour}index.d.ts`);
  writeFileSync(`${neighbour}package.json`, `{ "name": "${NEIGHBOUR}", "version": "0.0.0", "types": "index.d.ts" }\n`);
  const inside = readdirSync(`${dist}types/embed`, { encoding: 'utf8' }).map((name) => `embed/${name}`);
  for (const name of ['embed.d.ts', ...inside.filter((file) => file.endsWith('.d.ts'))]) {
    const text = readFileSync(`${dist}types/${name}`, 'utf8');
    writeFileSync(`${dist}types/${name}`, text.replaceAll(/from '\.\.?\/index'/g, `from '${NEIGHBOUR}'`));
  }
}
