// `npm run screenshot`: takes screenshots of the demo's first page after it has generated text, and after it has trained on a text.
import { mkdirSync } from 'node:fs';
import { openPage } from './browsers/launch.mjs';
import { serve } from './browsers/serve.mjs';
import { npm } from './shared/npm.mjs';
import { inRepository } from './shared/paths.mjs';
import { painted, shownIn, shows } from './site/camera.mjs';

/** @typedef {import('puppeteer-core').Page} Page */

/** @param {Page} page */
async function standard(page) {
  await shownIn(page, 'light');
  await page.setViewport({ width: 960, height: 800, deviceScaleFactor: 1.5 });
}

/**
 * Saves a picture of the page, from the top of one element to the bottom of another.
 * @param {Page} page
 * @param {string} name
 * @param {string} from selector of the first element
 * @param {string} to selector of the last element
 */
async function picture(page, name, from, to) {
  await painted(page);
  const box = await page.evaluate(
    (first, last) => {
      const [above, below] = [first, last].map((where) => document.querySelector(where)?.getBoundingClientRect());
      return { top: scrollY + (above?.top ?? 0), bottom: scrollY + (below?.bottom ?? 0) };
    },
    from,
    to,
  );
  const path = inRepository(`demo/screenshots/${name}.png`);
  const clip = { x: 0, y: box.top - 16, width: 960, height: box.bottom - box.top + 32 };
  await page.screenshot({ path: /** @type {`${string}.png`} */ (path), clip, captureBeyondViewport: true });
  console.log(path);
}

npm(['run', '--silent', 'build:demo'], { stdio: 'inherit' });
mkdirSync(inRepository('demo/screenshots'), { recursive: true });
const server = await serve({ '/': inRepository('demo/dist/') });
const { page, close } = await openPage('chrome', server.url, { adapter: 'software' });
try {
  page.setDefaultTimeout(240_000);
  await standard(page);
  await page.goto(`${server.url}/index.html`);
  await page.waitForSelector('#example-note:not([hidden])');
  await page.waitForSelector('#start:not([disabled])');

  await page.click('#write');
  await shows(page, '#try-status', 'First words after');
  await picture(page, 'write', '.topline', '#try-card .samples');

  await page.click('#start');
  await page.waitForSelector('#outcome:not([hidden])');
  await picture(page, 'teach', '#run', '#outcome .actions');
} finally {
  await close();
  await server.close();
}
