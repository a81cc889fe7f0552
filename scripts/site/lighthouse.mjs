// `npm run lighthouse`: checks accessibility and best practices of the demo's pages with Lighthouse. Each page must score 100 in both.
// Lighthouse is installed into out/lighthouse when it is first needed: it isn't a dependency of this repository, as it has many of its own.
import { execFile } from 'node:child_process';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { promisify } from 'node:util';
import { BROWSERS, findBrowser } from '../browsers/find_browser.mjs';
import { serve } from '../browsers/serve.mjs';
import { runCommand } from '../shared/command.mjs';
import { npm } from '../shared/npm.mjs';
import { CommandFailure } from '../shared/options.mjs';
import { inRepository } from '../shared/paths.mjs';
import { tableLines } from '../shared/table.mjs';

/** The last version of Lighthouse that runs on Node 20. */
const VERSION = '12.8.2';
const FOLDER = inRepository('out/lighthouse/');
const PROGRAM = `${FOLDER}node_modules/lighthouse/cli/index.js`;
const PAGES = ['index', 'classify', 'images', 'bench', 'gallery'];
const CATEGORIES = ['accessibility', 'best-practices'];

/** @typedef {{ score: number, auditRefs: readonly { id: string, weight: number }[] }} Category */
/** @typedef {{ score: number | null, title: string }} Audit */
/** @typedef {{ categories: Readonly<Record<string, Category>>, audits: Readonly<Record<string, Audit>> }} Report */

const run = promisify(execFile);

function install() {
  if (existsSync(PROGRAM)) return;
  mkdirSync(FOLDER, { recursive: true });
  writeFileSync(`${FOLDER}package.json`, '{ "private": true }\n');
  const options = ['--ignore-scripts', '--no-audit', '--no-fund', '--loglevel', 'error'];
  npm(['install', ...options, `lighthouse@${VERSION}`], { cwd: FOLDER, stdio: 'inherit' });
}

/** @param {string} url @param {string} chrome @returns {Promise<Report>} */
async function report(url, chrome) {
  const flags = ['--headless=new', '--enable-unsafe-webgpu', '--use-webgpu-adapter=swiftshader'];
  if (process.getuid?.() === 0) flags.push('--no-sandbox');
  const args = [`--only-categories=${CATEGORIES}`, '--output=json', '--quiet', '--no-enable-error-reporting'];
  const { stdout } = await run(process.execPath, [PROGRAM, url, ...args, `--chrome-flags=${flags.join(' ')}`], {
    env: { ...process.env, CHROME_PATH: chrome },
    maxBuffer: 2 ** 28,
  });
  return JSON.parse(stdout);
}

/** Returns the audits of a category that a page fails. @param {Report} report @param {string} name */
function failed({ categories, audits }, name) {
  const weighed = (categories[name]?.auditRefs ?? []).filter(({ weight }) => weight > 0);
  return weighed.map(({ id }) => audits[id]).filter((audit) => audit?.score != null && audit.score < 1);
}

await runCommand('lighthouse', async () => {
  const chrome = await findBrowser('chrome');
  if (chrome === undefined) throw new CommandFailure(`Needs ${BROWSERS.chrome.title}: ${BROWSERS.chrome.advice}.`);
  install();
  npm(['run', '--silent', 'build:demo'], { stdio: 'inherit' });
  // The pages set their own Content Security Policy in a meta element; the server sends none, as a static host.
  const server = await serve({ '/': inRepository('demo/dist/') }, { headers: { 'Content-Security-Policy': '' } });
  const rows = [['Page', ...CATEGORIES]];
  const faults = [];
  try {
    for (const page of PAGES) {
      const found = await report(`${server.url}/${page}.html`, chrome.path);
      rows.push([page, ...CATEGORIES.map((name) => String(Math.round(100 * (found.categories[name]?.score ?? 0))))]);
      for (const name of CATEGORIES) faults.push(...failed(found, name).map((audit) => `${page}: ${audit?.title}`));
    }
  } finally {
    await server.close();
  }
  console.log(tableLines(rows).join('\n'));
  if (faults.length > 0) throw new CommandFailure(faults.join('\n'));
});
