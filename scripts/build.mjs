// `npm run build`: the library, in the parts that vite.config.ts tells of, and the licences of what they bundle.
import { rmSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { build } from 'vite';
import { formatNotices, noticesOf } from './lib/notices.mjs';

const root = fileURLToPath(new URL('../', import.meta.url));

/** What is bundled, by file. @type {Set<string>} */
const modules = new Set();
/** @type {import('vite').Plugin} */
const listing = { name: 'listing', moduleParsed: ({ id }) => void modules.add(id) };

rmSync(`${root}dist`, { recursive: true, force: true });
for (const mode of ['worker', 'page', 'here', 'embed', 'cli']) await build({ root, mode, plugins: [listing] });
writeFileSync(`${root}dist/THIRD-PARTY-NOTICES`, formatNotices(noticesOf(modules)));
