import type { Page } from 'puppeteer-core';
import { expect } from 'vitest';
import { serve } from '../../scripts/browsers/serve.mjs';
import { type BrowserName, withPage } from '../browser/helpers/harness';

/** Paths that browsers request by themselves. They may be missing. */
const OPTIONAL = ['/favicon.ico'];

/** Serves a project's folder without a Content Security Policy, and runs `body` with the server's address. */
export async function served(root: string, body: (url: string) => Promise<void>): Promise<void> {
  const server = await serve({ '/': root }, { headers: { 'Content-Security-Policy': '' } });
  try {
    await body(server.url);
  } finally {
    await server.close();
  }
}

/** Opens a project's page, waits until it has trained, and checks its text. `begin` acts as the visitor. */
export async function trainInPage(
  name: BrowserName,
  url: string,
  begin: (page: Page) => Promise<void> = async () => {},
): Promise<void> {
  const missing: string[] = [];
  const text = await withPage(name, url, async ({ page }) => {
    page.on('response', (response) => {
      if (response.status() >= 400) missing.push(new URL(response.url()).pathname);
    });
    await page.goto(url);
    await begin(page);
    await page.waitForFunction(() => /kept \d+ bytes/.test(document.body.textContent ?? ''));
    return page.evaluate(() => document.body.textContent ?? '');
  });
  expectTrained(text);
  expect(missing.filter((path) => !OPTIONAL.some((name) => path.endsWith(name)))).toEqual([]);
}

/** Checks the output of a project that has trained. */
export function expectTrained(text: string): void {
  const losses = [...text.matchAll(/step (\d): loss (\d+\.\d+)/g)].map(([, step, loss]) => [
    Number(step),
    Number(loss),
  ]);
  expect(losses.map(([step]) => step)).toEqual([1, 2, 3, 4]);
  for (const [, loss] of losses) expect(loss).toBeLessThan(6);
  expect(text).toMatch(/kept \d{4,} bytes/);
}
