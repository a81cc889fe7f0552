import { mkdtemp, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { ElementHandle, Page } from 'puppeteer-core';
import { expect } from 'vitest';
import { downloadsOf } from '../helpers/downloads';
import { click, fill, seen, textOf, until } from './demo_page';

/** What a visitor does on the demo's page for a text. */

export async function chooseBundled(page: Page): Promise<void> {
  await click(page, '#load-bundled');
  await seen(page, '#model-ready');
  await click(page, '#use-sample');
  await seen(page, '#text-file');
}

/** Of 400 small steps, for an adapter “whale”. */
export async function startLongRun(page: Page): Promise<void> {
  await page.click('#settings summary');
  await fill(page, { max_steps: '400', per_device_train_batch_size: '1', max_length: '32', r: '8' });
  await fill(page, { 'sample-tokens': '2', 'adapter-name': 'whale' });
  await click(page, '#start');
}

/** The step that the page says is kept, once there is one. */
export async function keptStep(page: Page): Promise<number> {
  const status = /Kept up to step (\d+)\.$/;
  await until(page, () => /Kept up to step \d+\.$/.test(document.querySelector('#train-status')?.textContent ?? ''));
  return Number(status.exec(await textOf(page, '#train-status'))?.[1]);
}

/** What the banner says, once there is one. */
export async function bannerText(page: Page): Promise<string> {
  await seen(page, '#banner');
  return textOf(page, '#banner p');
}

/** Chooses files, which are written into a folder within one first. */
export async function upload(
  page: Page,
  folder: string,
  input: string,
  files: Readonly<Record<string, string | Uint8Array>>,
): Promise<void> {
  const inside = await mkdtemp(join(folder, 'files-'));
  const paths = Object.entries(files).map(([name, content]) => ({ path: join(inside, name), content }));
  await Promise.all(paths.map(({ path, content }) => writeFile(path, content)));
  const chosen = paths.map(({ path }) => path);
  await choose(page, input, chosen);
}

export async function choose(page: Page, input: string, paths: readonly string[]): Promise<void> {
  await page.waitForSelector('#device:not([hidden])');
  const element = (await page.$(input)) as ElementHandle<HTMLInputElement>;
  await element.uploadFile(...paths);
}

/** Exports an adapter; gives the paths of the two files that the browser has downloaded into a folder within one. */
export async function exported(page: Page, folder: string, id: string): Promise<string[]> {
  const downloadPath = await downloadsOf(page, folder);
  await click(page, `[aria-label="Export ${id}"]`);
  const wanted = ['adapter_config.json', 'adapter_model.safetensors'];
  await expect.poll(() => readdir(downloadPath).then((names) => names.sort()), { timeout: 20_000 }).toEqual(wanted);
  return wanted.map((name) => join(downloadPath, name));
}

export async function kilobytes(page: Page, id: string): Promise<string | undefined> {
  return (await textOf(page, `[data-id="${id}"] .facts`)).split(' · ')[0];
}

export async function wouldAskBeforeLeaving(page: Page): Promise<boolean> {
  return page.evaluate(() => !window.dispatchEvent(new Event('beforeunload', { cancelable: true })));
}
