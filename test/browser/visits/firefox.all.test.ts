import { join } from 'node:path';
import type { Page } from 'puppeteer-core';
import { expect, test } from 'vitest';
import { told, withoutRefining } from '../demo/classes_page';
import { builtDemo, click, phase, seen, textOf, until, withDemo } from '../demo/demo_page';
import { bannerText, choose, copied, keepCopies, keptStep, shownStep, startLongRun } from '../demo/text_page';

const { site } = await builtDemo();
const voice = 'demo/public/voices/stage/';

const inFirefox = (path: string, body: (page: Page) => Promise<void>, before = (): void => {}): Promise<void> =>
  withDemo(site, body, { path, before, browser: 'firefox' });

test('a visitor writes, teaches it a text, reloads the page in mid-run, and goes on', () =>
  inFirefox('index.html', async (page) => {
    await click(page, '#write');
    await until(page, () => /^First words after/.test(document.querySelector('#try-status')?.textContent ?? ''));
    expect(await textOf(page, '#after')).not.toBe(await textOf(page, '#before'));
    await startLongRun(page);
    const kept = await keptStep(page);
    page.on('dialog', (dialog) => void dialog.accept());
    await page.reload();
    await seen(page, '#interrupted');
    await click(page, '#go-on');
    await until(page, () => /^Step \d+ of 400/.test(document.querySelector('#number-step')?.textContent ?? ''));
    expect(await shownStep(page)).toBeGreaterThanOrEqual(kept);
    await click(page, '#cancel');
    await click(page, '#confirm-yes');
    await phase(page, '#train-card', 'idle');
  }));

test('messages are told apart, taught, and there after a reload', () =>
  inFirefox('classify.html', async (page) => {
    await withoutRefining(page);
    await told(page);
    await click(page, '[aria-label="Teach that this is spam"]');
    await until(page, () => document.querySelector('#messages-count')?.textContent === '81 messages');
    await until(page, () => /^Right for /.test(document.querySelector('#accuracy')?.textContent ?? ''));
    await page.reload();
    await told(page);
    expect(await textOf(page, '#messages-count')).toBe('81 messages');
  }));

test('pictures are told apart and added', () =>
  inFirefox('images.html', async (page) => {
    await withoutRefining(page);
    await until(page, () => /^Right for /.test(document.querySelector('#accuracy')?.textContent ?? ''));
    await page.click('#try-view .board');
    await told(page);
    await click(page, '[aria-label="Add to circles"]');
    await until(page, () => document.querySelectorAll('.class-tile:first-child .thumb').length === 11);
  }));

test('the device is measured, and the measurement cancelled', () =>
  inFirefox('bench.html', async (page) => {
    await click(page, '#start');
    await phase(page, '#run-card', 'running');
    await click(page, '#cancel');
    await phase(page, '#run-card', 'idle');
  }));

test('an example is copied from the gallery', () => {
  const body = async (page: Page): Promise<void> => {
    await click(page, '[data-name="spam"] .copy');
    expect(await copied(page)).toMatch(/^<!doctype html>/i);
  };
  return inFirefox('gallery.html', body, keepCopies);
});

test('a shared link is shown before it is opened, and a stranger’s is refused', () => {
  const body = async (page: Page): Promise<void> => {
    const files = ['adapter_config.json', 'adapter_model.safetensors'].map((name) => join(voice, name));
    await choose(page, '#adapter-files', files);
    await click(page, '[aria-label="Copy link opened"]');
    const link = await copied(page);
    await page.goto('about:blank');
    await page.goto(link);
    await seen(page, '#shared');
    expect(await textOf(page, '#shared-name')).toBe('opened');
    expect(await page.$$eval('[data-id]', (rows) => rows.length)).toBeLessThanOrEqual(1);
    await click(page, '#shared-refuse');
    await page.evaluate((hash) => location.assign(hash), new URL(link).hash.slice(0, -400));
    expect(await bannerText(page)).toMatch(/^This link holds no voice that can be read/);
    expect(await page.evaluate(() => location.hash)).toBe('');
  };
  return inFirefox('index.html', body, keepCopies);
});
