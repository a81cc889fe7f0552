// Measures a first visit to the demo: clicks, transferred bytes and seconds until the page shows each of several results.
import { openPage } from '../browsers/launch.mjs';
import { serve } from '../browsers/serve.mjs';
import { CommandFailure } from '../shared/options.mjs';

/** @typedef {import('puppeteer-core').Page} Page */
/** @typedef {{ name: string, clicks: number, bytes: number, seconds: number }} Cost */

/** The headers that GitHub Pages sends. They let the browser cache files, so that it requests none twice. */
const HEADERS = { 'Cache-Control': 'max-age=600', 'Content-Security-Policy': '', ETag: '"1"' };

/**
 * The buttons that a visitor clicks, in order. `shown` runs in the page, and returns whether the page shows the result of the click.
 * @type {readonly { name: string, button: string, shown: () => boolean }[]}
 */
const STEPS = [
  {
    name: 'first words',
    button: '#write',
    shown: () => {
      const isExample = document.querySelector('#example-note:not([hidden])') !== null;
      return !isExample && ['#before', '#after'].some((id) => document.querySelector(id)?.lastChild?.nodeValue);
    },
  },
  {
    name: 'a trained pair',
    button: '#start',
    shown: () => document.querySelector('#anew-title')?.textContent === 'With what it has learnt',
  },
  {
    name: 'a label told apart',
    button: 'nav a[href="./classify.html"]',
    shown: () => / % sure$/.test(document.querySelector('#told')?.textContent ?? ''),
  },
];

/**
 * Visits the demo in a new browser without a graphics card, and measures the result of each click.
 * @param {import('../browsers/find_browser.mjs').BrowserKind} kind
 * @param {string} folder of the built demo
 * @returns {Promise<Cost[]>} clicks and bytes since the visit began, and seconds since the click. Aborted downloads count in full
 */
export async function visitCosts(kind, folder) {
  let bytes = 0;
  const onSend = (/** @type {number} */ sent) => {
    bytes += sent;
  };
  const server = await serve({ '/demo/': folder }, { headers: HEADERS, onSend });
  /** @type {Cost[]} */
  const costs = [];
  let close = async () => {};
  try {
    const opened = await openPage(kind, server.url, { adapter: 'software' });
    close = opened.close;
    const { page } = opened;
    page.setDefaultTimeout(0);
    await page.goto(`${server.url}/demo/`);
    for (const [index, { name, button, shown }] of STEPS.entries()) {
      await page.waitForSelector(`${button}:not([disabled], [hidden])`);
      const began = performance.now();
      await page.click(button);
      await shows(page, shown);
      costs.push({ name, clicks: index + 1, bytes, seconds: (performance.now() - began) / 1000 });
    }
    return costs;
  } finally {
    await close();
    await server.close();
  }
}

/** Waits until the result of a step is shown, also on another page. @param {Page} page @param {() => boolean} shown */
async function shows(page, shown) {
  const trouble = () => document.querySelector('#banner:not([hidden])')?.textContent;
  for (;;) {
    // While the browser changes pages, `evaluate` rejects, and is called again later.
    if (await page.evaluate(shown).catch(() => false)) return;
    const said = await page.evaluate(trouble).catch(() => undefined);
    if (said) throw new CommandFailure(said);
    await new Promise((later) => setTimeout(later, 50));
  }
}
