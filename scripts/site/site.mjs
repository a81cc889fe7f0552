// `npm run site`: builds the documents, the reference of all public names and the demo into one folder, out/site, which works at any
// path. It then checks all links in the folder.
import { cpSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { build as buildDemo } from 'vite';
import { build as buildPages } from 'vitepress';
import { serve } from '../browsers/serve.mjs';
import { buildIfStale } from '../build/build_if_stale.mjs';
import { socialTags } from '../build/social_tags.mjs';
import { dataOf } from '../results/data/fetch.mjs';
import { runCommand } from '../shared/command.mjs';
import { CommandFailure, readFlags } from '../shared/options.mjs';
import { inRepository } from '../shared/paths.mjs';
import { brokenLinks } from './check_links.mjs';
import { writeLlms } from './llms.mjs';
import { PAGES, preparePages, SITE_BASE } from './pages.mjs';
import { missingNames, writeReference } from './reference.mjs';
import { relocate } from './relocate.mjs';

const HELP = `npm run site                   builds the site into out/site
npm run site -- --larger       with SmolLM2-135M-Instruct, 98 MB, for visitors with a graphics card; needs npm run results:data
npm run site -- --address URL  for a site at this address: links to its demo are shown with a picture
npm run site -- --serve        serves it afterwards on a free port`;

/** Copies a larger model and its voices (adapters) into the built demo, which then offers it. @param {string} models */
function offerLarger(models) {
  const [name, gguf_file] = ['SmolLM2-135M-Instruct', 'SmolLM2-135M-Instruct.Q4_1.gguf'];
  const from = `${dataOf(name, gguf_file)}/${gguf_file}`;
  const voices = inRepository(`demo/larger/${name}/voices`);
  cpSync(from, `${models}/${name}/${gguf_file}`);
  cpSync(voices, `${models}/${name}/voices`, { recursive: true });
  const [bytes, voice_bytes] = [from, `${voices}/stage/adapter_model.safetensors`].map((file) => statSync(file).size);
  const offer = { name, folder: name, gguf_file, bytes, voice_bytes };
  writeFileSync(`${models}/offers.json`, `${JSON.stringify([offer])}\n`);
}

/** Points the demo's link to the documents at the documents of this site. @returns {import('vite').Plugin} */
function docsBeside() {
  const link = /href="[^"]*"(?=>Docs<)/;
  return {
    name: 'docs-beside',
    transformIndexHtml: { order: 'post', handler: (html) => html.replace(link, 'href="../index.html"') },
  };
}

const SOURCE = inRepository('out/site-pages');
const SITE = inRepository('out/site');
/** The file of the picture that other sites show beside a link to the demo. */
const PICTURE = 'picture.png';

await runCommand('site', async () => {
  const flags = readFlags(process.argv.slice(2), {
    help: { type: 'boolean' },
    larger: { type: 'boolean' },
    address: { type: 'string' },
    serve: { type: 'boolean' },
  });
  if (flags.help === true) return void console.log(HELP);
  const picture = typeof flags.address === 'string' ? new URL(`demo/${PICTURE}`, `${flags.address}/`).href : undefined;
  buildIfStale();
  rmSync(SITE, { recursive: true, force: true });
  preparePages(SOURCE);
  await writeReference(`${SOURCE}/reference`);
  await buildPages(SOURCE, { base: SITE_BASE, outDir: SITE });
  relocate(SITE, SITE_BASE);
  await buildDemo({
    root: inRepository('demo'),
    configFile: inRepository('demo/vite.config.ts'),
    logLevel: 'warn',
    plugins: [docsBeside(), socialTags(picture)],
    build: { outDir: `${SITE}/demo` },
  });
  cpSync(inRepository('demo/screenshots/write.png'), `${SITE}/demo/${PICTURE}`);
  if (flags.larger === true) offerLarger(`${SITE}/demo/models`);
  writeLlms(SITE, SOURCE);
  const complaints = [...brokenLinks(SITE), ...missingNames(SITE)];
  if (complaints.length > 0) throw new CommandFailure(complaints.join('\n'));
  console.log(`out/site has ${PAGES.length} documents, the reference and the demo. All links hold.`);
  if (flags.serve === true) {
    const { url } = await serve({ '/': SITE }, { headers: { 'Content-Security-Policy': '' } });
    console.log(`${url}/index.html`);
  }
});
