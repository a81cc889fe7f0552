import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Page } from 'puppeteer-core';
import { expect, test } from 'vitest';
import { standalone } from '../../../demo/src/gallery/standalone';
import type {} from '../../../src/embed';
import { ofRing, testInAll, testOnce } from '../../helpers/ring';
import { expectAccessible } from '../helpers/axe';
import { browserNames, withBrowser, withSite } from '../helpers/harness';
import { builtDemo, textOf, until, withDemo } from './demo_page';
import { EXAMPLE_HEADERS } from './examples_page';

const { site } = await builtDemo();

/** Expects the page to be accessible, and to fit a narrow screen. */
async function expectPleasant(page: Page): Promise<void> {
  await expectAccessible(page);
  await page.setViewport({ width: 320, height: 900 });
  expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBe(320);
  await page.setViewport({ width: 1280, height: 900 });
}

testOnce(
  'autocomplete suggests, is taken with Tab but not with Shift and Tab, and keeps what was written',
  async () => {
    await withDemo(
      site,
      async (page) => {
        const text = (): Promise<string> => page.$eval('#text', (field) => (field as HTMLTextAreaElement).value);
        await expectPleasant(page);
        await page.focus('#text');
        await page.keyboard.type('The whale was');
        await until(page, () => document.querySelector('#next')?.textContent !== '');
        const suggested = await page.$eval('#next', (output) => output.textContent);
        await page.keyboard.press('Tab');
        expect(await text()).toBe(`The whale was${suggested}`);
        await page.keyboard.press('Enter');
        await until(page, () => /^Paragraphs kept: 1\./.test(document.querySelector('#status')?.textContent ?? ''));
        await until(page, () => document.querySelector('#next')?.textContent !== '');
        const written = await text();
        await page.keyboard.down('Shift');
        await page.keyboard.press('Tab');
        await page.keyboard.up('Shift');
        expect(await text()).toBe(written);
        expect(await page.evaluate(() => document.activeElement?.tagName)).toBe('A');
        await page.focus('#text');
        await page.keyboard.type('It ');
        await until(page, () => document.querySelector('#next')?.textContent !== '');
        await page.keyboard.press('Escape');
        expect(await textOf(page, '#next')).toBe('');
        await expectPleasant(page);
      },
      { path: 'examples/autocomplete.html', headers: EXAMPLE_HEADERS },
    );
  },
);

testInAll('styles learn one after the other, and write in one go', async () => {
  await withDemo(
    site,
    async (page) => {
      await page.click('#learn');
      await until(page, () => /^sea: step [1-9]/.test(document.querySelector('#status')?.textContent ?? ''));
      await page.click('#write');
      const isLonger = (): boolean =>
        [...document.querySelectorAll('output')].every(({ value }) => value.length > 'In the morning'.length);
      await until(page, isLonger);
      await expectPleasant(page);
    },
    { path: 'examples/styles.html', headers: EXAMPLE_HEADERS },
  );
});

testInAll('thumbs alone are learnt, and taken back', async () => {
  await withDemo(
    site,
    async (page) => {
      await page.click('#write');
      await until(page, () => document.querySelectorAll('li').length === 6);
      await expectPleasant(page);
      const thumb = (text: number, which: number) => `li:nth-child(${text}) button:nth-of-type(${which})`;
      const counted = (count: number) =>
        page.waitForFunction(
          (told) => document.querySelector('#status')?.textContent?.startsWith(told),
          { polling: 20 },
          `Thumbs so far: ${count}.`,
        );
      await page.click(thumb(1, 1));
      await counted(1);
      await page.click(thumb(2, 2));
      await counted(2);
      await page.click(thumb(2, 2));
      await counted(1);
      await page.click('#learn');
      await until(page, () => /^Step [1-9]/.test(document.querySelector('#status')?.textContent ?? ''));
      await page.click('#forget');
      await until(page, () => /forgotten/.test(document.querySelector('#status')?.textContent ?? ''));
    },
    { path: 'examples/thumbs.html', headers: EXAMPLE_HEADERS },
  );
});

testOnce('an own interface teaches, writes and forgets', async () => {
  await withDemo(
    site,
    async (page) => {
      await expectPleasant(page);
      await page.type('#lesson', 'Call me Ishmael. Some years ago, never mind how long precisely.');
      await page.click('#teach button');
      await until(page, () => /^Loss \d/.test(document.querySelector('#status')?.textContent ?? ''));
      await page.evaluate(() => document.querySelector('web-vera')?.stop());
      await until(page, () => /^Loss before/.test(document.querySelector('#status')?.textContent ?? ''));
      await page.click('#ask button');
      await until(page, () => /the captain.*\w/s.test(document.querySelector('output')?.textContent ?? ''));
      await expectPleasant(page);
      await page.click('#forget');
      await until(page, () => /^\d+ bytes are gone\.$/.test(document.querySelector('#status')?.textContent ?? ''));
    },
    { path: 'examples/headless.html', headers: EXAMPLE_HEADERS },
  );
});

testOnce('a spam filter has learnt as its page opens, and forgets', async () => {
  await withDemo(
    site,
    async (page) => {
      await until(page, () => /sure/i.test(document.querySelector('output')?.value ?? ''));
      expect(await page.$eval('output', ({ value }) => value)).toMatch(/^spam, \d+ % sure$/);
      await expectPleasant(page);
      // A navigation may end before a later call waits for it.
      await Promise.all([page.waitForNavigation(), page.click('#forget')]);
      await until(page, () => /sure/i.test(document.querySelector('output')?.value ?? ''));
    },
    { path: 'examples/spam.html', headers: EXAMPLE_HEADERS },
  );
});

test.each(ofRing(browserNames, { test: () => false }))(
  '%s: a copy on another site writes, with the library and the model of this one',
  async (name) => {
    const source = readFileSync(join(site, 'examples/headless.html'), 'utf8');
    const requests: string[] = [];
    await withSite(
      (library) => {
        const body = standalone(source, new URL('/demo/', library));
        const mounts = { '/copy.html': { type: 'text/html; charset=utf-8', body } };
        const write = async (page: Page, url: string): Promise<void> => {
          expect(url).not.toBe(library);
          await page.goto(`${url}/copy.html`);
          await page.waitForFunction(() => customElements.get('web-vera') !== undefined);
          await page.click('#ask button');
          await until(page, () => /the captain.*\w/s.test(document.querySelector('output')?.textContent ?? ''));
          expect(requests).toContain(`/demo/models/prose-1.4M/model.safetensors from ${url}`);
        };
        return withBrowser(name, write, { mounts, headers: { 'Content-Security-Policy': '' } });
      },
      {
        mounts: { '/demo/': site },
        // The headers of a CDN.
        headers: { 'Access-Control-Allow-Origin': '*', 'Cache-Control': 'max-age=600', 'Content-Security-Policy': '' },
        onRequest: ({ url, headers }) => requests.push(`${url} from ${headers.origin}`),
      },
    );
  },
);
