import type { Page } from 'puppeteer-core';
import { expect, test } from 'vitest';
import { builtDemo, until, withDemo } from '../demo/demo_page';
import { expectAccessible } from '../helpers/axe';
import { layoutShifts } from '../helpers/layout_shifts';

const { site } = await builtDemo();

/** The largest allowed shift of the layout: half of Web Vitals' limit for a good page. */
const MOST_SHIFT = 0.05;

const classes = (page: Page): Promise<void> =>
  until(page, () => /^Right for /.test(document.querySelector('#accuracy')?.textContent ?? ''));

/** The pages, each with a function that waits until it has loaded everything that it shows without a visitor's action. */
const PAGES: Readonly<Record<string, (page: Page) => Promise<unknown>>> = {
  'index.html': (page) => until(page, () => document.querySelector('#start:not([disabled])') !== null),
  'classify.html': classes,
  'images.html': classes,
  'bench.html': (page) => page.waitForSelector('#start:not([disabled])'),
  'gallery.html': (page) => until(page, () => document.querySelector('.copy[disabled]') === null),
};

/** The widths at which pages load, each with the widths to which they are resized then. */
const WIDTHS = [[390], [1280, 768]];

const cases = Object.keys(PAGES).flatMap((path) => WIDTHS.map((widths) => [path, widths] as const));

test.each(cases)('%s shifts nothing while it loads, fits %j px, and axe finds no fault with it', (path, widths) =>
  withDemo(
    site,
    async (page) => {
      await page.setViewport({ width: widths[0] ?? 0, height: 844 });
      await page.goto(new URL(path, page.url()).href);
      const shifts = await layoutShifts(page);
      await PAGES[path]?.(page);
      expect(await shifts()).toBeLessThanOrEqual(MOST_SHIFT);
      for (const width of widths) {
        await page.setViewport({ width, height: 844 });
        expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(width);
        await expectAccessible(page);
      }
    },
    { path: 'favicon.svg' },
  ),
);
