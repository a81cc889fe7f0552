// The last part of `npm run build`: of the types that tsc left in dist/types, one file for each entry.
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { inRepository } from '../shared/paths.mjs';
import { invokeExtractor } from './extractor.mjs';

const dist = inRepository('dist/');
const ENTRIES = { webvera: 'src/index', node: 'src/node/extras', bench: 'bench/index' };

/** `AsyncDisposable`, for projects whose `lib` is older than ours. */
const DISPOSABLE = '/// <reference lib="esnext.disposable" />\n';

/**
 * TypeScript's own `dom` has WebGPU's types since 6.0. They can't stand beside those of `@webgpu/types`, from which they differ,
 * so package.json leads compilers that lack them (`types@<6`) to files of their own, which refer to the package.
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
  // What takes a model of `webvera` takes one of `webvera/node`, so both have the same types.
  const names = name === 'node' ? "export * from './webvera.js';\n" : '';
  writeFileSync(file, DISPOSABLE + names + readFileSync(file, 'utf8'));
  writeFileSync(`${dist}ts5/${name}.d.ts`, `${WEBGPU}export * from '../${name}.js';\n`);
}
// Globals are beyond API Extractor. All that the tag has is in one file, over the names of `webvera`.
const tag = readFileSync(`${dist}types/src/embed/public.d.ts`, 'utf8').replace("'../index'", "'./webvera.js'");
writeFileSync(`${dist}embed.d.ts`, tag);
writeFileSync(`${dist}ts5/embed.d.ts`, `${WEBGPU}export * from '../embed.js';\n`);
writeFileSync(`${dist}worker.d.ts`, '/** A script for a worker: it has no exports. */\nexport {};\n');
rmSync(`${dist}types`, { recursive: true });

if (complaints.length > 0) {
  console.error(complaints.join('\n'));
  process.exitCode = 1;
}
