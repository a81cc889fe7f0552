import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { HTTPRequest, Page } from 'puppeteer-core';
import { expect } from 'vitest';
import { testInAll, testOnce } from '../../../helpers/ring';
import { withResolvers } from '../../../helpers/with_resolvers';
import { builtDemo, click, fill, phase, seen, textOf, until, withDemo } from '../demo_page';
import { bannerText, choose, opened, wouldAskBeforeLeaving } from '../text_page';

const voice = fileURLToPath(new URL('../../../../demo/public/voices/stage/', import.meta.url));
const { site } = await builtDemo();

/** Calls `handle` with the page's requests for a script whose name begins so. Other requests pass. */
async function onScript(page: Page, name: string, handle: (request: HTTPRequest) => unknown): Promise<void> {
  await page.setBypassServiceWorker(true);
  await page.setRequestInterception(true);
  page.on('request', (request) => {
    if (request.url().includes(`/assets/${name}-`)) void handle(request);
    else void request.continue();
  });
}

/** Opens a voice from files, under a name. */
async function openVoice(page: Page, name: string): Promise<void> {
  await opened(page);
  await page.$eval('#import', (details) => details.toggleAttribute('open', true));
  await fill(page, { 'import-name': name });
  const files = ['adapter_config.json', 'adapter_model.safetensors'];
  await choose(
    page,
    '#adapter-files',
    files.map((file) => join(voice, file)),
  );
  await page.waitForSelector(`[data-id="${name}"]`);
}

const focused = (page: Page): Promise<string> => page.evaluate(() => document.activeElement?.id ?? '');

testOnce('a run is cancelled while it is being prepared', async () => {
  await withDemo(site, async (page) => {
    await opened(page);
    await click(page, '#write'); // loads the model: scripts of its worker can't be held
    await until(page, () => /^First words after/.test(document.querySelector('#try-status')?.textContent ?? ''));
    const [asked, answer] = [withResolvers(), withResolvers()];
    await onScript(page, 'curve', async (request) => {
      asked.resolve();
      await answer.promise;
      await request.continue();
    });
    await click(page, '#start');
    await asked.promise;
    await click(page, '#cancel');
    await click(page, '#confirm-yes');
    answer.resolve();
    await phase(page, '#train-card', 'idle');
    expect(await textOf(page, '#train-status')).toBe('The run has not begun.');
    expect(await page.$('[data-id]')).toBeNull();
  });
});

testOnce('a shared voice stays in the address if the connection breaks off', async () => {
  await withDemo(site, async (page) => {
    await onScript(page, 'voice_files', (request) => request.abort());
    await page.evaluate(() => location.assign('#voice=abc'));
    await seen(page, '#banner');
    expect(await page.evaluate(() => location.hash)).toBe('#voice=abc');
  });
});

testOnce('a server that answers with a page in place of missing files leaves the page as without them', async () => {
  const errors: unknown[] = [];
  const page = { type: 'text/html', body: '<!doctype html><title>Home</title>' };
  const files = { 'voices/examples.json': page, 'models/offers.json': page };
  const visit = async (visited: Page): Promise<void> => {
    await visited.setBypassServiceWorker(true);
    visited.on('pageerror', (error) => errors.push(error));
    await visited.reload({ waitUntil: 'networkidle0' });
    await opened(visited);
    expect(await textOf(visited, '#before')).toBe('It was a cold morning, and the king');
  };
  await withDemo(site, visit, { files });
  expect(errors).toEqual([]);
});

testOnce('without storage the page says how long voices stay, and asks before it is left', async () => {
  const folder = join(site, 'assets');
  const worker = (await readdir(folder)).find((name) => /^entry-.*\.js$/.test(name)) ?? '';
  const broken = "Object.defineProperty(self, 'indexedDB', { value: undefined });";
  const body = `${await readFile(join(folder, worker), 'utf8')}\n${broken}`;
  const files = { [`assets/${worker}`]: { type: 'text/javascript', body } };
  const visit = async (page: Page): Promise<void> => {
    expect(await bannerText(page)).toMatch(/^What is saved is kept in memory only/);
    await openVoice(page, 'stage');
    expect(await textOf(page, '#kept-title')).toBe('Kept until you leave this page');
    expect(await wouldAskBeforeLeaving(page)).toBe(true);
    await click(page, '[data-id="stage"] .danger');
    await click(page, '#confirm-yes');
    await until(page, () => document.querySelector('[data-id]') === null);
    expect(await textOf(page, '#kept-empty')).toMatch(/^This browser stores nothing for this page/);
    expect(await wouldAskBeforeLeaving(page)).toBe(false);
  };
  await withDemo(site, visit, { files });
});

testInAll('a refused copy is shown as a link to copy, and a name without spaces fits a narrow screen', async () => {
  const refuse = (): void => {
    const no = () => Promise.reject(new DOMException('No', 'NotAllowedError'));
    Object.defineProperty(navigator, 'clipboard', { value: { writeText: no, write: no } });
  };
  const visit = async (page: Page): Promise<void> => {
    await page.setViewport({ width: 320, height: 800 });
    const name = 'w'.repeat(60);
    await openVoice(page, name);
    await click(page, `[data-id="${name}"] [aria-label^="Copy link"]`);
    await page.waitForSelector(`[data-id="${name}"] .link input`);
    const link = await page.$eval('.link input', (input) => {
      const { value, selectionStart, selectionEnd } = input as HTMLInputElement;
      return value.slice(selectionStart ?? 0, selectionEnd ?? 0);
    });
    expect(link).toMatch(/\/demo\/#.{1000}/);
    expect(await page.evaluate(() => document.activeElement?.parentElement?.textContent)).toMatch(/Copy the link from/);
    await click(page, '#copy-lines');
    expect(await bannerText(page)).toMatch(/^This browser does not let the page copy\. The code is selected/);
    expect(await page.evaluate(() => String(getSelection()))).toMatch(/^import .*from_pretrained/s);
    await page.evaluate((address) => location.assign(address), link);
    await seen(page, '#shared');
    expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(320);
    // The focus stays on the page when the pressed button disappears.
    await click(page, '#shared-open');
    await until(page, () => /^First words after/.test(document.querySelector('#try-status')?.textContent ?? ''));
    expect(await focused(page)).toBe('write');
    expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(320);
    await click(page, '#seal');
    await until(page, () => document.activeElement?.id === 'seal-note');
  };
  await withDemo(site, visit, { before: refuse });
});

testOnce('a dismissed message gives the focus back', async () => {
  await withDemo(site, async (page) => {
    await openVoice(page, 'stage');
    await page.evaluate(() => location.assign('#voice=abc'));
    expect(await bannerText(page)).toMatch(/^This link holds no voice/);
    await page.focus('#prompt');
    await page.focus('#banner button');
    await page.keyboard.press('Enter');
    expect(await focused(page)).toBe('prompt');
    await page.evaluate(() => location.assign('#voice=abcd'));
    await seen(page, '#banner');
    await page.evaluate(() => (document.activeElement as HTMLElement).blur());
    await page.focus('#banner button');
    await page.keyboard.press('Enter');
    expect(await focused(page)).toBe('title');
  });
});

testInAll(
  'a paused run gives the focus back to its button and is announced, and its end takes the focus from no other place',
  async () => {
    await withDemo(site, async (page) => {
      await opened(page);
      await click(page, '#settings summary');
      await fill(page, { max_steps: '6', warmup_steps: '0', per_device_train_batch_size: '1', max_length: '8' });
      await click(page, '#start');
      expect(await focused(page)).toBe('cancel');
      await page.waitForSelector('#pause:not([disabled])');
      await page.focus('#pause');
      await page.keyboard.press('Enter');
      await phase(page, '#train-card', 'paused');
      expect([await focused(page), await textOf(page, '#announcer')]).toEqual(['pause', 'Paused.']);

      // The wait begins before the press, because the rest of the run is short.
      const focusedThen = page.waitForFunction(
        () => {
          const isRunning = document.querySelector('#train-card[data-phase="running"]') !== null;
          const isAnnounced = document.querySelector('#announcer')?.textContent === 'Resumed.';
          return isRunning && isAnnounced && document.activeElement?.id;
        },
        { polling: 'mutation' },
      );
      await page.keyboard.press('Enter');
      expect(await (await focusedThen).jsonValue()).toBe('pause');
      await page.evaluate(() => (document.activeElement as HTMLElement).blur());
      await phase(page, '#train-card', 'idle');
      expect(await focused(page)).toBe('');
    });
  },
);

testOnce('with forced colours, pressed buttons, progress and the key of the chart are told apart', async () => {
  await withDemo(site, async (page) => {
    await opened(page);
    // Puppeteer's own function doesn't know this feature.
    const client = await page.createCDPSession();
    await client.send('Emulation.setEmulatedMedia', { features: [{ name: 'forced-colors', value: 'active' }] });
    const looks = await page.evaluate(() => {
      const style = (selector: string, part?: string): CSSStyleDeclaration => {
        const element = document.querySelector(selector);
        if (element === null) throw new Error(`Expected ${selector}`);
        return getComputedStyle(element, part);
      };
      for (const element of document.querySelectorAll('#run, #train-bar')) element.removeAttribute('hidden');
      return {
        widths: ['true', 'false'].map((state) => style(`#samples [aria-pressed="${state}"]`).borderTopWidth),
        progress: [style('#train-bar').borderTopWidth, style('#train-bar').borderTopStyle],
        // A page can't read the colour of the part that is done, which is --accent.
        done: ['--accent', 'forced-color-adjust'].map((name) => style('#train-bar').getPropertyValue(name)),
        key: ['.key-held', '.key-noise'].map((name) => style(`#run ${name}`, '::before').backgroundColor),
      };
    });
    expect(looks).toMatchObject({ widths: ['3px', '1px'], progress: ['1px', 'solid'], done: ['Highlight', 'none'] });
    expect(new Set(looks.key).size).toBe(2);
  });
});
