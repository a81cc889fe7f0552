import type { Page } from 'puppeteer-core';
import { expect, test } from 'vitest';
import { expectNarrow, wipe, withClasses, withoutRefining } from '../classes_page';
import { builtDemo, click, until } from '../demo_page';

const { site } = await builtDemo();

/** Returns the background of an element, after the mouse has been moved to it, or away from everything. */
async function backgroundOf(page: Page, selector: string, isHovered: boolean): Promise<string> {
  if (isHovered) await page.hover(selector);
  else await page.mouse.move(0, 0);
  return page.$eval(selector, async (element) => {
    await Promise.all(element.getAnimations().map(({ finished }) => finished));
    return getComputedStyle(element).backgroundColor;
  });
}

const focused = (page: Page): Promise<string> =>
  page.evaluate(() => document.activeElement?.id || (document.activeElement?.textContent ?? ''));

const pictures = (page: Page): Promise<number> => page.$$eval('.thumb', (thumbs) => thumbs.length);

/** Pastes a picture into an element, with its text or without one. */
async function paste(page: Page, selector: string, text: string): Promise<void> {
  await page.$eval(
    selector,
    async (element, words) => {
      const blob = await new OffscreenCanvas(20, 20).getContext('2d')?.canvas.convertToBlob();
      const data = new DataTransfer();
      data.items.add(new File([blob ?? ''], 'a.png', { type: 'image/png' }));
      if (words !== '') data.items.add(words, 'text/plain');
      element.dispatchEvent(new ClipboardEvent('paste', { clipboardData: data, bubbles: true }));
    },
    text,
  );
}

test('buttons stay readable under the mouse, in the dark too', async () => {
  const visit = async (page: Page): Promise<void> => {
    await withoutRefining(page);
    await page.emulateMediaFeatures([{ name: 'prefers-color-scheme', value: 'dark' }]);
    for (const isHovered of [false, true])
      expect(await backgroundOf(page, '.drawing button', isHovered)).toBe('rgb(255, 255, 255)');
    await page.focus('#try-view .board');
    await page.keyboard.press('ArrowRight');
    await page.waitForSelector('.teach:enabled');
    await page.$eval('.teach', (button) => button.setAttribute('data-held', ''));
    expect(await backgroundOf(page, '.teach', true)).toBe(await backgroundOf(page, '.teach', false));
  };
  await withClasses(site, 'images.html', visit);
});

test('text that is pasted into a name adds no picture, and the focus stays where the visitor works', async () => {
  await withClasses(site, 'images.html', async (page) => {
    await withoutRefining(page);
    await until(page, () => document.querySelectorAll('.thumb').length === 30);
    expect(await page.$eval('.class-row input', (input) => (input as HTMLInputElement).dir)).toBe('auto');
    await wipe(page);
    await paste(page, '.class-row input', 'A name');
    await paste(page, '.class-row input', '');
    await until(page, () => document.querySelectorAll('.thumb').length > 0);
    expect(await pictures(page)).toBe(1);
    await click(page, '.thumb button');
    expect(await pictures(page)).toBe(0);
    expect(await focused(page)).toBe('Files…');
    await click(page, '#use-sample');
    await until(page, () => document.querySelectorAll('.thumb').length === 30);
    expect(await focused(page)).toBe('samples-title');
    await page.focus('.class-row input');
    await page.keyboard.type('w'.repeat(40)); // a name without spaces
    await expectNarrow(page);
  });
});

test('the focus stays at the messages when the last one is removed, and when examples are added', async () => {
  await withClasses(site, 'classify.html', async (page) => {
    await withoutRefining(page);
    await until(page, () => document.querySelectorAll('.message').length === 80);
    await wipe(page);
    await until(page, () => document.activeElement?.id === 'samples-title'); // the button is disabled
    await page.type('#new-text', 'שלום!');
    await click(page, '#add-messages');
    expect(await page.$eval('.message-text', (text) => getComputedStyle(text).direction)).toBe('rtl');
    await click(page, '.message button');
    expect(await focused(page)).toBe('samples-title');
    await click(page, '#use-sample');
    expect(await focused(page)).toBe('samples-title');
  });
});

/** Returns the names of classes that are wider than their fields. */
const cutOff = (page: Page): Promise<string[]> =>
  page.$$eval('.class-row > input', (fields) =>
    fields
      .map((field) => field as HTMLInputElement)
      .filter(({ clientWidth, scrollWidth }) => scrollWidth > clientWidth)
      .map(({ value }) => value),
  );

test('names of classes are whole on a narrow screen, beside the camera and in large text', async () => {
  await withClasses(site, 'images.html', async (page) => {
    await withoutRefining(page);
    await until(page, () => document.querySelectorAll('.thumb').length === 30);
    const client = await page.createCDPSession();
    for (const standard of [16, 32]) {
      // The visitor's text size, as the browser's settings have it.
      await client.send('Page.setFontSizes', { fontSizes: { standard } });
      for (const source of ['#try-camera', '#try-drawing']) {
        await click(page, source);
        for (const width of [320, 1280]) {
          await page.setViewport({ width, height: 800 });
          const size = await page.evaluate(() => getComputedStyle(document.documentElement).fontSize);
          expect([size, ...(await cutOff(page))]).toEqual([`${standard}px`]);
        }
        await expectNarrow(page);
      }
    }
  });
});
