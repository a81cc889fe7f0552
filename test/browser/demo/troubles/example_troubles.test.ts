import type { Page } from 'puppeteer-core';
import { expect, test } from 'vitest';
import { builtDemo, until, withDemo } from '../demo_page';
import { EXAMPLE_HEADERS } from '../examples_page';

const { site } = await builtDemo();

/** Makes the first load of a model fail, as without a connection. */
function failOnce(): void {
  let given: typeof window.WebVera | undefined;
  const failing = <Auto extends object>(auto: Auto): Auto => {
    let failed = false;
    return new Proxy(auto, {
      get: (target, name) => {
        if (failed || name !== 'from_pretrained') return Reflect.get(target, name);
        failed = true;
        return async () => Promise.reject(new Error('No connection'));
      },
    });
  };
  Object.defineProperty(window, 'WebVera', {
    get: () => given,
    set: (library: typeof window.WebVera) => {
      given = {
        ...library,
        AutoModelForCausalLM: failing(library.AutoModelForCausalLM),
        AutoModelForSequenceClassification: failing(library.AutoModelForSequenceClassification),
        AutoModelForImageClassification: failing(library.AutoModelForImageClassification),
      };
    },
  });
}

const failed = (page: Page): Promise<void> =>
  until(page, () => document.querySelector('#status')?.textContent === 'No connection');

async function draw(page: Page): Promise<void> {
  const { x = 0, y = 0 } = (await (await page.$('#paper'))?.boundingBox()) ?? {};
  await page.mouse.move(x + 60, y + 60);
  await page.mouse.down();
  await page.mouse.move(x + 200, y + 200, { steps: 4 });
  await page.mouse.up();
}

const cases: readonly [string, (page: Page) => Promise<unknown>, (page: Page) => Promise<unknown>][] = [
  [
    'autocomplete',
    (page) => page.type('#text', 'The whale was'),
    (page) => until(page, () => document.querySelector('#next')?.textContent !== ''),
  ],
  [
    'styles',
    (page) => page.click('#write'),
    (page) => until(page, () => [...document.querySelectorAll('output')].every(({ value }) => value.length > 20)),
  ],
  ['thumbs', (page) => page.click('#write'), (page) => until(page, () => document.querySelectorAll('li').length > 0)],
  [
    'spam',
    (page) => page.waitForSelector('#teach button:enabled').then((button) => button?.click()),
    (page) => until(page, () => /sure/i.test(document.querySelector('output')?.value ?? '')),
  ],
  [
    'drawings',
    draw,
    (page) => until(page, () => document.querySelector('output')?.value === 'It has learnt nothing yet'),
  ],
];

/** Pages that load their models by themselves. */
const EAGER = ['spam', 'drawings'];

test.each(cases)('%s works after a load that failed', async (name, act, works) => {
  await withDemo(
    site,
    async (page) => {
      if (!EAGER.includes(name)) await act(page);
      await failed(page);
      await act(page);
      await works(page);
      expect(page.url()).toMatch(/\.html$/); // no form was sent
    },
    { path: `examples/${name}.html`, headers: EXAMPLE_HEADERS, before: failOnce },
  );
});

test('Shift and Tab leave the text as it is', async () => {
  await withDemo(
    site,
    async (page) => {
      await page.type('#text', 'The whale was');
      await until(page, () => document.querySelector('#next')?.textContent !== '');
      await page.keyboard.down('Shift');
      await page.keyboard.press('Tab');
      await page.keyboard.up('Shift');
      expect(await page.$eval('#text', (field) => (field as HTMLTextAreaElement).value)).toBe('The whale was');
      expect(await page.evaluate(() => document.activeElement?.tagName)).toBe('A');
    },
    { path: 'examples/autocomplete.html', headers: EXAMPLE_HEADERS },
  );
});

test('drawings are learnt though the browser blocks the site’s data', async () => {
  const block = (): void => {
    const refuse = (): never => {
      throw new DOMException('Blocked', 'SecurityError');
    };
    Object.defineProperty(window, 'localStorage', { get: refuse });
  };
  await withDemo(
    site,
    async (page) => {
      await until(page, () => document.querySelectorAll('#things button').length === 3);
      await page.type('#names', ', Moon');
      await page.click('#clear');
      await page.mouse.move(100, 300);
      expect(await page.$eval('#paper', (paper) => typeof (paper as HTMLElement).onpointerdown)).toBe('function');
    },
    { path: 'examples/drawings.html', headers: EXAMPLE_HEADERS, before: block },
  );
});
