import { mkdtemp, readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Page } from 'puppeteer-core';
import { expect } from 'vitest';

/** Makes an empty folder within `folder`, and makes it the page's download folder. */
export async function downloadsOf(page: Page, folder: string): Promise<string> {
  const downloadPath = await mkdtemp(join(folder, 'downloads-'));
  const browser = await page.createCDPSession();
  await browser.send('Browser.setDownloadBehavior', { behavior: 'allow', downloadPath });
  return downloadPath;
}

/** Waits for an adapter's two files among the downloads, and reads them. */
export async function downloadedAdapter(downloadPath: string): Promise<{ config: object; weights: Uint8Array }> {
  const wanted = ['adapter_config.json', 'adapter_model.safetensors'];
  await expect.poll(() => readdir(downloadPath).then((names) => names.sort())).toEqual(wanted);
  const [config, weights] = await Promise.all(wanted.map((name) => readFile(join(downloadPath, name))));
  return { config: JSON.parse(String(config)), weights: new Uint8Array(weights as Buffer) };
}
