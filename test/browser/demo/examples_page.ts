import type { Page } from 'puppeteer-core';
import { keepDownloads } from '../helpers/saved';

/** Headers for an example page, which is one file with an inline script. */
export const EXAMPLE_HEADERS = { 'Content-Security-Policy': "script-src 'self' 'unsafe-inline'; worker-src blob:" };

/** Opens an example that learns and exports. */
export async function openExample(page: Page, url: string, name: string): Promise<void> {
  await keepDownloads(page);
  await page.setViewport({ width: 1280, height: 1000 });
  await page.goto(`${url}/demo/examples/${name}.html`);
}
