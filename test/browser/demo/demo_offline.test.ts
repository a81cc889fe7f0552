import { cpSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Page } from 'puppeteer-core';
import { expect, test } from 'vitest';
import { serve } from '../../../scripts/browsers/serve.mjs';
import { ofRing, testInAll, testOnce } from '../../helpers/ring';
import { browserNames, withPage } from '../helpers/harness';
import { builtDemo, click, textOf, until } from './demo_page';

const { folder, site } = await builtDemo();

/** Static servers send an ETag. Without one, models are not cached. */
const headers = { ETag: '"1"' };

/** Waits until the service worker has stored the demo. */
async function stored(page: Page): Promise<void> {
  const isActive = async (): Promise<boolean> =>
    (await navigator.serviceWorker.getRegistration())?.active?.state === 'activated';
  await page.waitForFunction(isActive, { polling: 50 });
}

async function write(page: Page): Promise<void> {
  await click(page, '#write');
  await until(page, () => /^First words after/.test(document.querySelector('#try-status')?.textContent ?? ''));
}

test.each(ofRing(browserNames, { test: () => false }))(
  'after a visit, the demo opens and writes without a server, in %s',
  async (name) => {
    const server = await serve({ '/some/where/': site }, { headers });
    const url = `${server.url}/some/where/`;
    let isOpen = true;
    try {
      await withPage(name, server.url, async ({ page }) => {
        await page.goto(url);
        await write(page);
        await stored(page);
        await server.close();
        isOpen = false;
        await page.goto('about:blank');
        await page.goto(url);
        await write(page);
        expect(await textOf(page, '#after')).not.toBe(await textOf(page, '#before'));
        await page.goto(`${url}classify.html`);
        await page.waitForSelector('h1');
      });
    } finally {
      if (isOpen) await server.close();
    }
  },
);

testInAll('a new build is seen at once, and works offline once the old one’s pages are closed', async () => {
  const copy = join(folder, 'updated');
  cpSync(site, copy, { recursive: true });
  const server = await serve({ '/demo/': copy }, { headers });
  let isOpen = true;
  try {
    await withPage('chromium', server.url, async ({ page }) => {
      await page.goto(`${server.url}/demo/`);
      await write(page);
      await stored(page);
      for (const [file, before, after] of [
        ['index.html', '<title>', '<title>New: '],
        ['sw.js', '"version":"', '"version":"new'],
      ] as const) {
        const text = readFileSync(join(copy, file), 'utf8');
        expect(text).toContain(before);
        writeFileSync(join(copy, file), text.replace(before, after));
      }
      await page.goto(`${server.url}/demo/`);
      expect(await page.title()).toMatch(/^New: /);
      await page.waitForFunction(async () => (await navigator.serviceWorker.getRegistration())?.waiting != null, {
        polling: 50,
      });
      // A page of the same server that the service worker doesn't control.
      await page.goto(`${server.url}/elsewhere`);
      await page.waitForFunction(
        async () => {
          const registration = await navigator.serviceWorker.getRegistration('/demo/');
          return registration?.waiting === null && registration.active?.state === 'activated';
        },
        { polling: 50 },
      );
      expect(await page.evaluate(() => caches.keys())).toEqual([expect.stringMatching(/ new\w+$/)]);
      await server.close();
      isOpen = false;
      await page.goto('about:blank');
      await page.goto(`${server.url}/demo/`);
      expect(await page.title()).toMatch(/^New: /);
    });
  } finally {
    if (isOpen) await server.close();
  }
});

testOnce(
  'the demo can be installed: its manifest, icons and service worker are there, and Chromium accepts them',
  async () => {
    const server = await serve({ '/demo/': site }, { headers });
    try {
      await withPage('chromium', server.url, async ({ page }) => {
        await page.goto(`${server.url}/demo/`);
        const chromium = await page.createCDPSession();
        const { errors, data = '', url } = await chromium.send('Page.getAppManifest');
        expect(errors).toEqual([]);
        const manifest = JSON.parse(data) as { readonly icons: readonly { readonly src: string }[] };
        for (const { src } of manifest.icons) {
          const status = await page.evaluate(async (address) => (await fetch(address)).status, new URL(src, url).href);
          expect(status, src).toBe(200);
        }
        const { installabilityErrors } = await chromium.send('Page.getInstallabilityErrors');
        expect(installabilityErrors.map(({ errorId }) => errorId).filter((id) => id !== 'in-incognito')).toEqual([]);
      });
    } finally {
      await server.close();
    }
  },
);
