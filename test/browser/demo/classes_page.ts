import { mkdtemp, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { ElementHandle, Page } from 'puppeteer-core';
import { expect } from 'vitest';
import { downloadedAdapter, downloadsOf } from '../helpers/downloads';
import { click, seen, textOf, until, withDemo } from './demo_page';

/** Opens a page of the demo; errors on its console fail the test. */
export async function withClasses(
  site: string,
  path: string,
  body: (page: Page) => Promise<void>,
  before?: () => void,
): Promise<void> {
  const errors: string[] = [];
  await withDemo(
    site,
    async (page) => {
      page.on('console', (message) => {
        if (message.type() === 'error') errors.push(message.text());
      });
      await seen(page, '#device');
      await body(page);
    },
    { path, ...(before && { before }) },
  );
  expect(errors).toEqual([]);
}

/** Writes a file into a folder, and selects it in a file input. */
export async function upload(
  page: Page,
  folder: string,
  input: string,
  name: string,
  content: string | Uint8Array,
): Promise<void> {
  const path = join(await mkdtemp(join(folder, 'files-')), name);
  await writeFile(path, content);
  const element = (await page.$(input)) as ElementHandle<HTMLInputElement>;
  await element.uploadFile(path);
}

/** Stops refinements and prevents new ones, because they would take CPU time from the tested work. */
export async function withoutRefining(page: Page): Promise<void> {
  await page.$eval('#refine-idle', (box) => (box as HTMLInputElement).checked && (box as HTMLInputElement).click());
}

/** Waits until the page shows its prediction for the current input, and returns it. */
export async function told(page: Page): Promise<string> {
  await until(page, () =>
    /% sure$|^Not sure/.test(document.querySelector('#told[aria-busy="false"]')?.textContent ?? ''),
  );
  return textOf(page, '#told');
}

/** Clicks Export, and returns the two downloaded files, which are written to a new folder within `folder`. */
export async function exported(page: Page, folder: string): Promise<{ config: object; weights: Uint8Array }> {
  const downloads = await downloadsOf(page, folder);
  await click(page, '#export');
  return downloadedAdapter(downloads);
}

export async function wipe(page: Page): Promise<void> {
  await click(page, '#wipe');
  expect(await textOf(page, '#confirm-title')).toBe('Wipe it all?');
  await click(page, '#confirm-yes');
  await until(page, () => document.querySelector('#kept-text')?.textContent === 'There is nothing yet.');
}

export async function expectNarrow(page: Page): Promise<void> {
  await page.setViewport({ width: 320, height: 800 });
  expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(320);
  await page.setViewport({ width: 1280, height: 900 });
}
