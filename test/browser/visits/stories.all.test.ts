import { readdirSync, readFileSync } from 'node:fs';
import type { Page } from 'puppeteer-core';
import { expect, test } from 'vitest';
import { told, withoutRefining } from '../demo/classes_page';
import { builtDemo, click, phase, seen, textOf, until, withDemo } from '../demo/demo_page';

const { site } = await builtDemo();

/** Presses Tab until an element has the focus. */
async function tabTo(page: Page, selector: string): Promise<void> {
  for (let presses = 0; presses < 200; presses++) {
    if (await page.evaluate((wanted) => document.activeElement?.matches(wanted) === true, selector)) return;
    await page.keyboard.press('Tab');
  }
  throw new Error(`Tab doesn't reach ${selector}`);
}

/** Moves the focus to a button with the Tab key, and presses the button with the Enter key. */
async function press(page: Page, selector: string): Promise<void> {
  await page.waitForSelector(`${selector}:not([disabled], [hidden])`);
  await tabTo(page, selector);
  await page.keyboard.press('Enter');
}

const KEYBOARD: Readonly<Record<string, (page: Page) => Promise<void>>> = {
  'index.html': async (page) => {
    await press(page, '#write');
    await until(page, () => /^First words after/.test(document.querySelector('#try-status')?.textContent ?? ''));
    await press(page, '#start');
    await phase(page, '#train-card', 'running');
    await press(page, '#cancel');
    await press(page, '#confirm-yes');
    await phase(page, '#train-card', 'idle');
  },
  'classify.html': async (page) => {
    await withoutRefining(page);
    await told(page);
    await press(page, '[aria-label="Teach that this is spam"]');
    await until(page, () => document.querySelector('#messages-count')?.textContent === '81 messages');
  },
  'images.html': async (page) => {
    await withoutRefining(page);
    await until(page, () => /^Right for /.test(document.querySelector('#accuracy')?.textContent ?? ''));
    await tabTo(page, '#try-view .board');
    await page.keyboard.press('ArrowRight');
    await told(page);
    await press(page, '[aria-label="Add to circles"]');
    await until(page, () => document.querySelectorAll('.class-tile:first-child .thumb').length === 11);
  },
  'bench.html': async (page) => {
    await press(page, '#start');
    await phase(page, '#run-card', 'running');
    await press(page, '#cancel');
    await phase(page, '#run-card', 'idle');
  },
  'gallery.html': async (page) => {
    // Each source shows its script first.
    const above = await page.$$eval('.source', (panes) =>
      panes.map((pane) => {
        const { firstChild: text } = pane.querySelector('code') as HTMLElement;
        const at = text?.textContent?.lastIndexOf('<script type="module">') ?? -1;
        const script = document.createRange();
        script.setStart(text as Node, at);
        script.setEnd(text as Node, at + 1);
        return script.getBoundingClientRect().top - pane.getBoundingClientRect().top;
      }),
    );
    expect(above).toHaveLength(6);
    for (const pixels of above) expect(pixels).toBeCloseTo(4, 0);
    await press(page, '[data-name="spam"] .copy');
    await until(page, () => document.querySelector('[data-name="spam"] .copy')?.textContent === 'Copied');
  },
};

/** Replaces the clipboard, because headless browsers deny access to it. */
function withClipboard(): void {
  Object.defineProperty(navigator, 'clipboard', { value: { writeText: async () => {} } });
}

test.each(Object.keys(KEYBOARD))(
  '%s is used by keys alone, and nothing moves in it if the visitor wants no motion',
  (path) =>
    withDemo(
      site,
      async (page) => {
        await page.emulateMediaFeatures([{ name: 'prefers-reduced-motion', value: 'reduce' }]);
        // Transitions that began before the setting changed would still continue.
        await page.reload();
        await page.evaluate(() => {
          const moved: string[] = [];
          Object.assign(window, { moved });
          setInterval(() => {
            for (const each of document.getAnimations()) {
              const { duration } = each.effect?.getComputedTiming() ?? {};
              if (Number(duration) > 1) moved.push((each as CSSAnimation).animationName ?? 'a transition');
            }
          }, 20);
        });
        await KEYBOARD[path]?.(page);
        expect(await page.evaluate(() => (window as unknown as { moved: string[] }).moved)).toEqual([]);
      },
      { path, before: withClipboard },
    ),
);

test('a measurement is over if its page is reloaded, and another begins', () =>
  withDemo(
    site,
    async (page) => {
      await click(page, '#start');
      await phase(page, '#run-card', 'running');
      await page.reload();
      await click(page, '#start');
      await phase(page, '#run-card', 'running');
    },
    { path: 'bench.html' },
  ));

test('with a graphics card a larger model and its voices are offered, with their sizes', () => {
  const offer = { name: 'Larger', folder: 'larger', bytes: 98_000_000, voice_bytes: 338_000 };
  // The larger model is a copy of the bundled one, with one of its voices (adapters) under another voice's name.
  const [model, voice] = ['models/prose-1.4M', 'voices/whaler'].map((folder) => `demo/public/${folder}`);
  const filesOf = (to: string, from = '') =>
    readdirSync(from, { withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map(({ name }) => [
        `models/larger/${to}${name}`,
        { type: 'application/octet-stream', body: readFileSync(`${from}/${name}`) },
      ]);
  const files = {
    'models/offers.json': { type: 'application/json', body: JSON.stringify([offer]) },
    ...Object.fromEntries([...filesOf('', model), ...filesOf('voices/stage/', voice)]),
  };
  const hardware = (): void => {
    for (const [name, value] of Object.entries({ isFallbackAdapter: false, description: 'A card', architecture: '' }))
      Object.defineProperty(GPUAdapterInfo.prototype, name, { get: () => value });
  };
  const body = async (page: Page): Promise<void> => {
    await seen(page, '#offer');
    expect(await textOf(page, '#offer-text')).toMatch(
      /^Larger has a hundred times .* It has 98\.0 MB: 16 s at 50 Mbit\/s, once\./,
    );
    await click(page, '#offer-take');
    await until(page, () => document.querySelector('#model-name')?.textContent === 'Larger');
    expect(await page.$eval('#offer', (block) => (block as HTMLElement).hidden)).toBe(true);
    await until(page, () => /^First words after/.test(document.querySelector('#try-status')?.textContent ?? ''));
    expect(await textOf(page, '#after-title')).toBe('In a voice that it learnt: The stage');
    expect(await textOf(page, '#voice-from')).toBe('Learnt from Shakespeare’s plays: a file of 338 kB.');
    expect(await textOf(page, '#after')).not.toBe(await textOf(page, '#before'));
  };
  return withDemo(site, body, { files, before: hardware });
});

test('an example is sent to an editor by a form, and finds its library from the editor’s own site', () =>
  withDemo(
    site,
    async (page) => {
      await page.waitForSelector('[data-name="headless"] .edit:not([disabled])');
      const form = await page.$eval('[data-name="headless"] form', (element) => {
        const { action, method } = element as HTMLFormElement;
        return {
          action,
          method,
          fields: [...new FormData(element as HTMLFormElement)].map(([key, value]) => [key, String(value)]),
        };
      });
      expect(form).toMatchObject({ action: 'https://stackblitz.com/run', method: 'post' });
      const fields = new Map(form.fields.map(([key = '', value = '']) => [key, value]));
      expect(fields.get('project[template]')).toBe('html');
      // A document of another origin, as in an online editor.
      const demo = new URL('./', page.url());
      await page.goto(demo.href.replace('127.0.0.1', 'localhost').replace('/demo/', '/elsewhere'));
      await page.setContent(fields.get('project[files][index.html]') ?? '');
      await until(page, () => customElements.get('web-vera') !== undefined);
    },
    { path: 'gallery.html', headers: { 'Access-Control-Allow-Origin': '*', 'Content-Security-Policy': '' } },
  ));
