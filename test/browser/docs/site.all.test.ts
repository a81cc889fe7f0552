import { existsSync, readFileSync } from 'node:fs';
import { beforeAll, expect, test } from 'vitest';
import { serve } from '../../../scripts/browsers/serve.mjs';
import { npm } from '../../../scripts/shared/npm.mjs';
import { expectAccessible } from '../helpers/axe';
import { browserNames, withPage } from '../helpers/harness';

// The build checks all links, and that the reference documents each public name.
beforeAll(() => npm(['run', '--silent', 'site'], { stdio: 'inherit' }), 900_000);

/** Serves the documentation in a folder of another site, and runs `body` with its address. */
async function served(body: (url: string) => Promise<void>): Promise<void> {
  const server = await serve({ '/some/where/': 'out/site/' }, { headers: { 'Content-Security-Policy': '' } });
  try {
    await body(`${server.url}/some/where/`);
  } finally {
    await server.close();
  }
}

test.each(browserNames)('the site works in any folder: pages, search, theme, the demo, in %s', (name) =>
  served((url) =>
    withPage(name, url, async ({ page }) => {
      const missing: string[] = [];
      page.on('response', (response) => {
        if (response.status() >= 400 && !response.url().endsWith('/favicon.ico')) missing.push(response.url());
      });
      await page.goto(`${url}index.html`, { waitUntil: 'networkidle0' });
      await page.click('.actions a');
      await page.waitForFunction(() => document.querySelector('h1')?.textContent?.includes('Start in five minutes'));
      expect(page.url()).toBe(`${url}guide/start.html`);
      const links = await page.$$eval('a[href]', (all) => all.map(({ href }) => href.replace(/#.*/, '')));
      const own = [...new Set(links.filter((link) => link.startsWith(url)))];
      expect(own.length).toBeGreaterThan(20);
      expect(own.filter((link) => !existsSync(link.replace(url, 'out/site/')))).toEqual([]);

      await page.click('.VPNavBarSearchButton, #local-search button');
      await page.waitForSelector('#localsearch-input');
      await page.type('#localsearch-input', 'locked_by_other_tab');
      await page.waitForSelector('.results a');
      const found = await page.$$eval('.results a', (links) => links.map((link) => (link as HTMLAnchorElement).href));
      expect(found.some((link) => link.startsWith(`${url}guide/errors.html`))).toBe(true);

      await page.goto(`${url}demo/bench.html`, { waitUntil: 'networkidle0' });
      expect(await page.title()).not.toBe('');
      expect(missing).toEqual([]);
    }),
  ),
);

test('axe finds no fault in any page', () =>
  served((url) =>
    withPage('chromium', url, async ({ page }) => {
      for (const path of [
        'index.html',
        'guide/start.html',
        'guide/errors.html',
        'reference/webvera/classes/Trainer.html',
      ]) {
        await page.goto(url + path, { waitUntil: 'networkidle0' });
        await expectAccessible(page);
      }
    }),
  ));

test('programs find the documents in llms.txt', () => {
  const text = readFileSync('out/site/llms.txt', 'utf8');
  const links = [...text.matchAll(/\]\(([^)]+)\)/g)].map(([, link = '']) => link);
  expect(links.length).toBeGreaterThan(20);
  expect(links.filter((link) => !existsSync(`out/site/${link}`))).toEqual([]);
  expect(readFileSync('out/site/llms-full.txt', 'utf8')).toContain('# Start in five minutes');
});
