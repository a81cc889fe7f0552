// `npm run build`: the library, in the parts that vite.config.ts tells of, what they bundle, and its licences.
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { build } from 'vite';
import { formatNotices, noticesOf } from './lib/notices.mjs';
import { sbomOf } from './lib/sbom.mjs';

const root = fileURLToPath(new URL('../', import.meta.url));

/** What is bundled, by file. @type {Set<string>} */
const modules = new Set();
/** @type {import('vite').Plugin} */
const listing = { name: 'listing', moduleParsed: ({ id }) => void modules.add(id) };

rmSync(`${root}dist`, { recursive: true, force: true });
for (const mode of ['worker', 'chat', 'page', 'here', 'embed', 'cli']) await build({ root, mode, plugins: [listing] });

const notices = noticesOf(modules);
writeFileSync(`${root}dist/THIRD-PARTY-NOTICES`, formatNotices(notices));
const [own, lock] = ['package.json', 'package-lock.json'].map((file) => JSON.parse(readFileSync(root + file, 'utf8')));
writeFileSync(`${root}dist/sbom.json`, `${JSON.stringify(sbomOf(own, notices, lock), null, 2)}\n`);
