import type { Page } from 'puppeteer-core';
import { expect, test } from 'vitest';
import { ofRing, testInSoak, testOnce } from '../../../helpers/ring';
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

// The pages share how they load. `npm test` has one that loads as one types, and one that loads by itself.
test.each(ofRing(cases, { soak: ([name]) => !['autocomplete', 'drawings'].includes(name) }))(
  '%s works after a load that failed',
  async (name, act, works) => {
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
  },
);

/** Counts the calls by which the page writes. */
function countWriting(): void {
  const calls = { count: 0 };
  Object.assign(window, { calls });
  const counting = <Owner extends object>(owner: Owner, name: string): Owner =>
    new Proxy(owner, {
      get: (target, key) => {
        if (key === name) calls.count += 1;
        return Reflect.get(target, key);
      },
    });
  let given: typeof window.WebVera | undefined;
  Object.defineProperty(window, 'WebVera', {
    get: () => given,
    set: (library: typeof window.WebVera) => {
      given = { ...library, Profile: counting(library.Profile, 'generate_batch') };
    },
  });
}

/** Presses a button twice, waits until it works again, and returns all that the page has said meanwhile. */
async function pressTwice(page: Page, selector: string): Promise<readonly string[]> {
  await page.$eval(selector, (element) => {
    const [button, status] = [element as HTMLButtonElement, document.querySelector('#status')];
    const said: string[] = [];
    Object.assign(window, { said });
    if (status === null) return;
    new MutationObserver(() => said.push(status.textContent ?? '')).observe(status, { childList: true });
    button.focus();
    for (let press = 0; press < 2; press++) button.click();
  });
  expect(await page.$eval(selector, (button) => button === document.activeElement)).toBe(true);
  await page.waitForSelector(`${selector}:not([aria-disabled])`);
  return page.evaluate(() => (window as unknown as { said: string[] }).said);
}

const open = (name: string, visit: (page: Page) => Promise<void>): Promise<void> =>
  withDemo(site, visit, { path: `examples/${name}.html`, headers: EXAMPLE_HEADERS, before: countWriting });

testOnce('a second press of Write does nothing while the first one writes', async () => {
  await open('styles', async (page) => {
    expect(await pressTwice(page, '#write')).toContain('Loading the model…');
    expect(await page.evaluate(() => (window as unknown as { calls: { count: number } }).calls.count)).toBe(1);
  });
});

testInSoak('a second press of Write does nothing in the other examples, either', async () => {
  await open('thumbs', async (page) => {
    expect(await pressTwice(page, '#write')).toContain('Loading the model…');
    expect(await page.$$eval('li', (texts) => texts.length)).toBe(6);
  });
  await open('headless', async (page) => {
    const written = (): Promise<string> => page.$eval('#written', (output) => output.textContent ?? '');
    expect(await pressTwice(page, '#ask button')).toContain('Loading the model…');
    const first = await written();
    await page.click('#ask button');
    await page.waitForSelector('#ask button:not([aria-disabled])');
    expect(await written()).toBe(first);
  });
});

testOnce('drawings are learnt though the browser blocks the site’s data', async () => {
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
