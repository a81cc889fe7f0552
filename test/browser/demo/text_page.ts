import { mkdtemp, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { unzipSync } from 'fflate';
import type { ElementHandle, Page } from 'puppeteer-core';
import { expect } from 'vitest';
import { downloadsOf } from '../helpers/downloads';
import { click, fill, phase, seen, textOf, until } from './demo_page';

/** Actions of a visitor on the demo's page that learns an author's style from a text. The page calls such an adapter a voice. */

/** Waits until the page is ready, with the sample text in its text box. */
export async function opened(page: Page): Promise<void> {
  await page.waitForSelector('#start:not([disabled])');
}

/** Replaces the text in the text box. */
export async function typeText(page: Page, text: string): Promise<void> {
  await page.focus('#text-input');
  await page.keyboard.down('Control');
  await page.keyboard.press('a');
  await page.keyboard.up('Control');
  await page.keyboard.type(text);
}

/** Starts training a voice (an adapter) named “whale” for 400 short steps. */
export async function startLongRun(page: Page): Promise<void> {
  await opened(page);
  await click(page, '#settings summary');
  await fill(page, { max_steps: '400', per_device_train_batch_size: '1', max_length: '32', r: '8' });
  await fill(page, { 'voice-name': 'whale' });
  await click(page, '#start');
}

/** Waits until a run has ended and returns the outcome that the page shows. Fails at once if the page reports an error. */
export async function outcomeOf(page: Page): Promise<string> {
  await phase(page, '#train-card', 'idle');
  await until(page, () => document.querySelector('#outcome:not([hidden]), #banner:not([hidden])') !== null);
  return textOf(page, '#outcome');
}

/** The name of the voice (adapter) whose button is pressed. */
export async function pressedVoice(page: Page): Promise<string> {
  return textOf(page, '#voices button[aria-pressed="true"]');
}

/** Returns the number of the current step, as the page shows it. */
export async function shownStep(page: Page): Promise<number> {
  return Number(/^Step ([\d,]+) of/.exec(await textOf(page, '#number-step'))?.[1]);
}

/** Waits until the page shows a saved step, and returns its number. */
export async function keptStep(page: Page): Promise<number> {
  const status = /Kept up to step (\d+)\.$/;
  await until(page, () => /Kept up to step \d+\.$/.test(document.querySelector('#train-status')?.textContent ?? ''));
  return Number(status.exec(await textOf(page, '#train-status'))?.[1]);
}

/** Waits for a banner and returns its text. */
export async function bannerText(page: Page): Promise<string> {
  await seen(page, '#banner');
  return textOf(page, '#banner p');
}

/** Writes files into a new folder within `folder`, and selects them in the file input. */
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

/** Downloads a saved voice (adapter) as a zip into a new folder within `folder`, unpacks it, and returns the paths of its files. */
export async function downloaded(page: Page, folder: string, id: string): Promise<string[]> {
  const downloadPath = await downloadsOf(page, folder);
  await click(page, `[aria-label="Download ${id}"]`);
  await expect.poll(() => readdir(downloadPath)).toEqual([`${id}.zip`]);
  const files = unzipSync(await readFile(join(downloadPath, `${id}.zip`)));
  const names = ['adapter_config.json', 'adapter_model.safetensors'];
  expect(Object.keys(files).sort()).toEqual(names.map((name) => `${id}/${name}`));
  const paths = names.map((name) => join(downloadPath, name));
  for (const [index, path] of paths.entries()) await writeFile(path, files[`${id}/${names[index]}`] ?? '');
  return paths;
}

export async function kilobytes(page: Page, id: string): Promise<string | undefined> {
  return (await textOf(page, `[data-id="${id}"] .facts`)).split(' · ')[0];
}

export async function wouldAskBeforeLeaving(page: Page): Promise<boolean> {
  return page.evaluate(() => !window.dispatchEvent(new Event('beforeunload', { cancelable: true })));
}

/** Replaces the clipboard by a list in the page, because headless browsers deny access to the clipboard. */
export function keepCopies(): void {
  const copies: string[] = [];
  Object.assign(window, { copies });
  const write = async ([item]: ClipboardItems): Promise<void> => {
    const blob = await item?.getType('text/plain');
    copies.push((await blob?.text()) ?? '');
  };
  const writeText = async (text: string): Promise<void> => {
    copies.push(text);
  };
  Object.defineProperty(navigator, 'clipboard', { value: { write, writeText } });
}

/** Waits until a text is copied, and returns the last one. */
export async function copied(page: Page): Promise<string> {
  const found = await page.waitForFunction(() => (window as unknown as { copies: string[] }).copies.at(-1));
  return String(await found.jsonValue());
}
