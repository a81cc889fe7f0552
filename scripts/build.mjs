// The first part of `npm run build`: builds the parts of the library that vite.config.ts defines, and lists the bundled packages with
// their licences.
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { build } from 'vite';
import { formatNotices, noticesOf } from './build/notices.mjs';
import { sbomOf } from './build/sbom.mjs';
import { ROOT } from './shared/paths.mjs';

/** Paths of all bundled files. @type {Set<string>} */
const modules = new Set();
/** @type {import('vite').Plugin} */
const listing = { name: 'listing', moduleParsed: ({ id }) => void modules.add(id) };

// Disables the bundler's warning about slow plugins, which appears on busy machines.
const quiet = { rolldownOptions: { checks: { pluginTimings: false } } };

rmSync(`${ROOT}dist`, { recursive: true, force: true });
for (const mode of ['worker', 'chat', 'page', 'here', 'embed', 'tag', 'cli'])
  await build({ root: ROOT, mode, plugins: [listing], build: quiet });

const notices = noticesOf(modules);
writeFileSync(`${ROOT}dist/THIRD-PARTY-NOTICES`, formatNotices(notices));
const [own, lock] = ['package.json', 'package-lock.json'].map((file) => JSON.parse(readFileSync(ROOT + file, 'utf8')));
writeFileSync(`${ROOT}dist/sbom.json`, `${JSON.stringify(sbomOf(own, notices, lock), null, 2)}\n`);
