// `npm run pictures`: takes pictures of the demo's pages before, during and after a visitor's actions, narrow and wide, light and dark.
// They are written at half size to demo/pictures, for people to look at.
import { mkdirSync } from 'node:fs';
import { openPage } from '../browsers/launch.mjs';
import { serve } from '../browsers/serve.mjs';
import { runCommand } from '../shared/command.mjs';
import { npm } from '../shared/npm.mjs';
import { CommandFailure, readFlags } from '../shared/options.mjs';
import { inRepository } from '../shared/paths.mjs';
import { painted, shownIn, shows } from './camera.mjs';

/** @typedef {import('puppeteer-core').Page} Page */

const HELP = `npm run pictures                    takes pictures of all pages of the demo, into demo/pictures
npm run pictures -- --full          in their full size, into out/pictures
npm run pictures -- --page NAME     only of one page: index, classify, images, bench or gallery`;

const WIDTHS = [390, 768, 1280];
const SCHEMES = /** @type {const} */ (['light', 'dark']);
/** The quality of WebP, from 0 to 100. With this value, all pictures together take less than 2 MB. */
const QUALITY = 20;

/**
 * A visitor's actions on each page. A story yields the name of a state when the page has reached that state.
 * @type {Readonly<Record<string, (page: Page) => AsyncGenerator<string>>>}
 */
const STORIES = {
  async *index(page) {
    await page.waitForSelector('#example-note:not([hidden])');
    await page.waitForSelector('#start:not([disabled])');
    yield 'before';
    await page.click('#write');
    await shows(page, '#try-status', 'First words after');
    await page.click('#start');
    await shows(page, '#anew-title', 'About step');
    await page.click('#pause:not([disabled])');
    await shows(page, '#train-status', 'Paused');
    yield 'during';
    await page.click('#pause:not([disabled])');
    await page.waitForSelector('#outcome:not([hidden])');
    yield 'after';
  },
  classify: (page) =>
    refined(page, async () => {
      await page.focus('#try-text');
      await page.keyboard.down('Control');
      await page.keyboard.press('End');
      await page.keyboard.up('Control');
      await page.keyboard.type(', Anna');
    }),
  images: (page) => refined(page, () => drawCircle(page)),
  async *bench(page) {
    await page.waitForSelector('#start:not([disabled])');
    yield 'before';
    await page.click('#rounds', { count: 3 });
    await page.keyboard.type('1');
    await page.click('#start');
    await shows(page, '#run-status', '3 of 4');
    yield 'during';
    await page.waitForSelector('#details:not([hidden])');
    yield 'after';
  },
  async *gallery(page) {
    await page.waitForSelector('.copy:not([disabled])');
    yield 'before';
  },
};

/**
 * The story of a page that learns its examples without a click, and refines what it has learnt when the visitor clicks.
 * @param {Page} page
 * @param {() => Promise<void>} ask gives the page something to classify
 */
async function* refined(page, ask) {
  await page.click('#refine-idle');
  await shows(page, '#accuracy', 'Right for');
  await page.waitForSelector('#told[aria-busy="false"]');
  yield 'before';
  await ask();
  await page.waitForSelector('[data-best]');
  await page.click('#refine:not([disabled])');
  await shows(page, '#train-status', 'Refining: step');
  yield 'during';
  await page.waitForSelector('#train-card[data-phase="idle"]');
  await shows(page, '#train-status', 'Refined');
  yield 'after';
}

/** @param {Page} page */
async function drawCircle(page) {
  const { x = 0, y = 0, width = 0 } = (await (await page.$('#try-view .board'))?.boundingBox()) ?? {};
  const at = (/** @type {number} */ turn) =>
    /** @type {const} */ ([
      x + width * (0.5 + 0.3 * Math.cos(2 * Math.PI * turn)),
      y + width * (0.5 + 0.3 * Math.sin(2 * Math.PI * turn)),
    ]);
  await page.mouse.move(...at(0));
  await page.mouse.down();
  for (let part = 1; part <= 24; part++) await page.mouse.move(...at(part / 24));
  await page.mouse.up();
}

/**
 * Takes a picture of the whole page at each width and in each colour scheme.
 * @param {Page} page
 * @param {string} path of the pictures, without width, scheme and extension
 * @param {number} scale of the pictures; 1 is their full size
 */
async function inAllForms(page, path, scale) {
  for (const width of WIDTHS) {
    for (const scheme of SCHEMES) {
      await shownIn(page, scheme);
      await page.setViewport({ width, height: 900, deviceScaleFactor: scale });
      await painted(page);
      const file = /** @type {`${string}.webp`} */ (`${path}-${width}-${scheme}.webp`);
      await page.screenshot({ path: file, fullPage: true, quality: QUALITY });
    }
  }
}

await runCommand('pictures', async () => {
  const flags = readFlags(process.argv.slice(2), {
    help: { type: 'boolean' },
    full: { type: 'boolean' },
    page: { type: 'string' },
  });
  if (flags.help === true) return void console.log(HELP);
  const stories = Object.entries(STORIES).filter(([name]) => name === (flags.page ?? name));
  if (stories.length === 0) throw new CommandFailure(`--page: expected a page's name, got ${flags.page}`);
  const folder = inRepository(flags.full === true ? 'out/pictures' : 'demo/pictures');
  npm(['run', '--silent', 'build:demo'], { stdio: 'inherit' });
  mkdirSync(folder, { recursive: true });
  const server = await serve({ '/': inRepository('demo/dist/') });
  let close = async () => {};
  try {
    const opened = await openPage('chrome', server.url, { adapter: 'software' });
    close = opened.close;
    const { page } = opened;
    page.setDefaultTimeout(480_000);
    for (const [name, story] of stories) {
      await page.goto(`${server.url}/${name}.html`);
      for await (const state of story(page)) {
        await inAllForms(page, `${folder}/${name}-${state}`, flags.full === true ? 1 : 0.5);
        console.log(`${name}: ${state}`);
      }
    }
  } finally {
    await close();
    await server.close();
  }
});
