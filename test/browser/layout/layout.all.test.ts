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

interface DemoPage {
  readonly widths: readonly number[];
  /** Waits until the page has loaded everything that it shows without a visitor's action. */
  loaded(page: Page): Promise<unknown>;
}

const PAGES: Readonly<Record<string, DemoPage>> = {
  'index.html': {
    widths: [390, 768, 1280],
    loaded: (page) => until(page, () => document.querySelector('#start:not([disabled])') !== null),
  },
  'classify.html': { widths: [390, 768, 1280], loaded: classes },
  'images.html': { widths: [390, 768, 1280], loaded: classes },
  'bench.html': {
    widths: [390, 768, 1280],
    loaded: (page) => page.waitForSelector('#start:not([disabled])'),
  },
  'gallery.html': {
    widths: [390, 768, 1280],
    loaded: (page) => until(page, () => document.querySelector('.copy[disabled]') === null),
  },
};

const cases = Object.entries(PAGES).flatMap(([path, { widths }]) => widths.map((width) => [path, width] as const));

test.each(cases)('%s shifts nothing while it loads, fits %i px, and axe finds no fault with it', (path, width) =>
  withDemo(
    site,
    async (page) => {
      await page.setViewport({ width, height: 844 });
      await page.goto(new URL(path, page.url()).href);
      const shifts = await layoutShifts(page);
      await PAGES[path]?.loaded(page);
      expect(await shifts()).toBeLessThanOrEqual(MOST_SHIFT);
      expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(width);
      await expectAccessible(page);
    },
    { path: 'favicon.svg' },
  ),
);
