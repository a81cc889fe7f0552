import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Page } from 'puppeteer-core';
import { expect, test } from 'vitest';
import { expectAccessible } from '../helpers/axe';
import { builtDemo, click, retype, seen, textOf, until, withDemo } from './demo_page';
import { bannerText, choose, copied, keepCopies } from './text_page';

const voice = fileURLToPath(new URL('../../../demo/public/voices/stage/', import.meta.url));
const { site } = await builtDemo();

test('a voice travels in a link, is shown before it is opened, and writes', async () => {
  const body = async (page: Page): Promise<void> => {
    await page.setViewport({ width: 390, height: 800 });
    await choose(
      page,
      '#adapter-files',
      ['adapter_config.json', 'adapter_model.safetensors'].map((name) => join(voice, name)),
    );
    await click(page, '[aria-label="Copy link opened"]');
    const link = await copied(page);
    expect(link.length).toBeLessThan(40_000);
    await until(page, () => document.querySelector('[aria-label="Copy link opened"]')?.textContent === 'Copied');
    await click(page, '[aria-label="Delete opened"]');
    await click(page, '#confirm-yes');
    await until(page, () => document.querySelector('[data-id]') === null);

    await page.goto('about:blank');
    await page.goto(link);
    await seen(page, '#shared');
    expect(await textOf(page, '#shared-name')).toBe('opened');
    expect(await textOf(page, '#shared-facts')).toBe('9,984 numbers, for the model prose-1.4M');
    expect(await textOf(page, '#shared-opening')).toBe('It was a cold morning, and the king');
    expect(await page.$('[data-id]')).toBeNull(); // nothing is stored yet
    expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(390);
    await expectAccessible(page);
    await click(page, '#shared-open');
    await until(page, () => /^First words after/.test(document.querySelector('#try-status')?.textContent ?? ''));
    expect(await textOf(page, '#after-title')).toBe('In a voice that it learnt: opened');
    expect(await textOf(page, '#after')).not.toBe(await textOf(page, '#before'));
    expect(await page.evaluate(() => location.hash)).toBe('');

    // A link that was copied while the prompt was empty contains no prompt, so the page that it opens shows none.
    await retype(page, '#prompt', ' ');
    await click(page, '[aria-label="Copy link opened"]');
    await page.goto(await copied(page));
    await seen(page, '#shared');
    expect(await page.$eval('#shared-begins', (line) => (line as HTMLElement).hidden)).toBe(true);

    // A truncated link is refused, and nothing from it is stored.
    await page.evaluate((hash) => location.assign(hash), new URL(link).hash.slice(0, -400));
    expect(await bannerText(page)).toMatch(/^This link holds no voice that can be read/);
    expect(await page.evaluate(() => location.hash)).toBe('');
    expect(await page.$$eval('[data-id]', (rows) => rows.length)).toBe(1);
  };
  await withDemo(site, body, { before: keepCopies });
});
