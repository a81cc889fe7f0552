// The last part of `npm run build`: writes one file of types for each entry point, from the types that tsc wrote to dist/types.
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { inRepository } from '../shared/paths.mjs';
import { invokeExtractor } from './extractor.mjs';
import { BESIDE_TAG, FRAMEWORKS } from './framework_types.mjs';
import { withTypeExports } from './type_exports.mjs';

const dist = inRepository('dist/');
const ENTRIES = { webvera: 'src/index', ai: 'src/ai', node: 'src/node/extras', bench: 'bench/index' };

/** Declares `AsyncDisposable` for projects whose `lib` setting is older than ours. */
const DISPOSABLE = '/// <reference lib="esnext.disposable" />\n';

/**
 * Since TypeScript 6.0, its `dom` library contains WebGPU's types, and they conflict with those of `@webgpu/types`. So package.json names
 * other files of types for older compilers (`types@<6`), and only those files refer to `@webgpu/types`.
 */
const WEBGPU = '/// <reference types="@webgpu/types" />\n';

/** @type {string[]} */
const complaints = [];
mkdirSync(`${dist}ts5`, { recursive: true });
for (const [name, module] of Object.entries(ENTRIES)) {
  const file = `${dist}${name}.d.ts`;
  complaints.push(
    ...invokeExtractor(`${dist}types/${module}.d.ts`, { dtsRollup: { enabled: true, untrimmedFilePath: file } }),
  );
  // `webvera/node` re-exports the types of `webvera`, so that models from both have the same types.
  const names = name === 'node' ? "export * from './webvera.js';\n" : '';
  const entry = readFileSync(`${dist}types/${module}.d.ts`, 'utf8');
  writeFileSync(file, DISPOSABLE + names + withTypeExports(readFileSync(file, 'utf8'), entry));
  writeFileSync(`${dist}ts5/${name}.d.ts`, `${WEBGPU}export * from '../${name}.js';\n`);
}
// API Extractor can't handle global declarations, so the types of the <web-vera> element are written without it, into one file that
// imports `webvera`.
const tag = readFileSync(`${dist}types/src/embed/public.d.ts`, 'utf8').replace("'../index'", "'./webvera.js'");
writeFileSync(`${dist}embed.d.ts`, tag);
writeFileSync(`${dist}ts5/embed.d.ts`, `${WEBGPU}export * from '../embed.js';\n`);
for (const [name, types] of Object.entries(FRAMEWORKS)) {
  writeFileSync(`${dist}${name}.d.ts`, `${BESIDE_TAG}\n${types}`);
  writeFileSync(`${dist}ts5/${name}.d.ts`, `${WEBGPU}export * from '../${name}.js';\n`);
}
writeFileSync(`${dist}worker.d.ts`, '/** A script for a worker: it has no exports. */\nexport {};\n');
rmSync(`${dist}types`, { recursive: true });

if (complaints.length > 0) {
  console.error(complaints.join('\n'));
  process.exitCode = 1;
}
