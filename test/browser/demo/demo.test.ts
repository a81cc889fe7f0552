import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { strFromU8, unzipSync } from 'fflate';
import type { Page } from 'puppeteer-core';
import { expect } from 'vitest';
import { fromFragment } from '../../../demo/src/write/share/voice_files';
import { testInAll, testOnce } from '../../helpers/ring';
import { expectAccessible } from '../helpers/axe';
import { downloadsOf } from '../helpers/downloads';
import { layoutShifts } from '../helpers/layout_shifts';
import { builtDemo, click, clickAtOnce, fill, isDisabled, phase, seen, textOf, until, withDemo } from './demo_page';
import {
  bannerText,
  choose,
  copied,
  downloaded,
  keepCopies,
  kilobytes,
  opened,
  outcomeOf,
  pressedVoice,
  shownStep,
  startLongRun,
  typeText,
  upload,
  wouldAskBeforeLeaving,
} from './text_page';

const root = fileURLToPath(new URL('../../../', import.meta.url));
const model = join(root, 'demo/public/models/prose-1.4M');
const { folder, site } = await builtDemo();

testOnce('a visitor writes with one key, and switches the voice while it writes', async () => {
  await withDemo(site, async (page) => {
    const shifts = await layoutShifts(page);
    await seen(page, '#example-note'); // the page shows texts that were written earlier
    expect(await textOf(page, '#after')).toMatch(/^It was a cold morning, and the king.{40}/);
    await page.waitForSelector('#write:not([disabled])');
    expect(await textOf(page, '#device')).toMatch(/^No graphics card was found.*a quick lesson in a minute or two\.$/);
    await expectAccessible(page);

    await page.focus('#prompt');
    await page.keyboard.press('Enter');
    await until(page, () => (document.querySelector('#after')?.textContent ?? '').length > 50);
    expect(await textOf(page, '#after-title')).toBe('In a voice that it learnt: The stage');
    await clickAtOnce(page, '[data-voice="scripture"] button');
    await until(page, () => /^First words after/.test(document.querySelector('#try-status')?.textContent ?? ''));
    expect(await textOf(page, '#after-title')).toBe('In a voice that it learnt: Scripture');
    const before = await textOf(page, '#before');
    const scripture = await textOf(page, '#after');
    expect(scripture).not.toBe(before);

    // If another voice (an adapter that imitates an author's style) is chosen, its text changes, but not the base model's text.
    await page.click('[data-voice="whaler"] button'); // with the mouse, because layout shifts without user input count
    await until(page, () => /^First words after/.test(document.querySelector('#try-status')?.textContent ?? ''));
    expect(await textOf(page, '#before')).toBe(before);
    expect(await textOf(page, '#after')).not.toBe(scripture);
    expect(await page.evaluate(() => document.activeElement?.textContent)).toBe('The whaler');
    expect(await shifts()).toBeLessThan(0.05);

    // The page generates and trains without a network.
    await click(page, '#seal');
    await until(page, () => /^Cut off\. /.test(document.querySelector('#seal-note')?.textContent ?? ''));
    await click(page, '#write');
    await until(page, () => /^First words after/.test(document.querySelector('#try-status')?.textContent ?? ''));
    expect(await textOf(page, '#before')).not.toBe(before);
    expect(await page.$eval('#banner', (banner) => (banner as HTMLElement).hidden)).toBe(true);
  });
});

testOnce('with a graphics card it writes by itself once it can be seen', async () => {
  const hardware = (): void => {
    for (const [name, value] of Object.entries({ isFallbackAdapter: false, description: 'A card', architecture: '' }))
      Object.defineProperty(GPUAdapterInfo.prototype, name, { get: () => value });
  };
  const body = async (page: Page): Promise<void> => {
    await until(page, () => /^First words after/.test(document.querySelector('#try-status')?.textContent ?? ''));
    expect(await textOf(page, '#device')).toBe('Runs on A card.');
    expect(await page.$eval('#preset-good', (box) => (box as HTMLInputElement).checked)).toBe(true);
  };
  await withDemo(site, body, { before: hardware });
});

testOnce('a visitor teaches it a text, finds the voice again after a reload, and deletes it', async () => {
  const body = async (page: Page): Promise<void> => {
    await opened(page);
    expect(await page.$eval('#text-input', (box) => (box as HTMLTextAreaElement).value)).toMatch(/^Day 1\. I woke/);
    expect(await page.$eval('#preset-quick', (box) => (box as HTMLInputElement).checked)).toBe(true);
    await click(page, '#settings summary');
    await fill(page, {
      max_steps: '20',
      per_device_train_batch_size: '1',
      max_length: '32',
      warmup_steps: '1',
      r: '0',
    });
    expect(await page.$eval('#preset-quick', (box) => (box as HTMLInputElement).checked)).toBe(false);
    await fill(page, { 'voice-name': 'whale' });
    await click(page, '#start');
    expect(await textOf(page, '#r-problem')).toBe('A whole number from 1 to 1,024.');
    expect(await page.$eval('#train-card', (card) => (card as HTMLElement).dataset.phase)).toBe('idle');
    await fill(page, { r: '16' });

    const paused = clickAtOnce(page, '#pause');
    await click(page, '#start');
    await paused;
    await phase(page, '#train-card', 'paused');
    expect(await textOf(page, '#run-words')).toMatch(
      /^On the part kept aside it waver(s|ed) between \d+ pieces of words/,
    );
    expect(await wouldAskBeforeLeaving(page)).toBe(true);
    expect(await shownStep(page)).toBeLessThan(20);
    await click(page, '#pause');
    const outcome = await outcomeOf(page);
    const [, from, to] = /between ([\d.]+) choices before, and between ([\d.]+) now/.exec(outcome) ?? [];
    expect(Number(from)).toBeGreaterThan(20);
    expect(Number(to)).toBeLessThan(0.9 * Number(from));
    expect(outcome).toMatch(
      /^\d+.% of its doubt about your text is gone .* 20 steps in .+ kept in this browser as “whale”\./,
    );
    expect(await page.$$eval('#curve canvas', (canvases) => canvases.length)).toBe(1);
    expect(await page.$$eval('#curve-rows tr', (rows) => rows.length)).toBe(11); // before training, and every second step
    expect(await wouldAskBeforeLeaving(page)).toBe(false);

    // The slider shows texts from earlier steps.
    expect(await textOf(page, '#anew-title')).toBe('With what it has learnt');
    const last = await textOf(page, '#anew-after');
    expect(last).toMatch(/^Day 7\./); // the beginning of the held-out part
    await page.focus('#anew-step');
    await page.keyboard.press('Home');
    expect(await textOf(page, '#anew-title')).toBe('Before it learnt');
    expect(await textOf(page, '#anew-after')).toBe(await textOf(page, '#anew-before'));
    expect(await textOf(page, '#anew-after')).not.toBe(last);
    expect(await textOf(page, '#code-python')).toContain('"prose-1.4M"), "whale")');
    await expectAccessible(page);

    // The link contains the voice's name and the prompt.
    await click(page, '#copy-link');
    const link = await fromFragment(new URL(await copied(page)).hash);
    expect([link?.name, link?.opening]).toEqual(['whale', 'It was a cold morning, and the king']);

    // Both texts are written, one of them in the new voice, whose button is pressed.
    await until(page, () => /^First words after/.test(document.querySelector('#try-status')?.textContent ?? ''));
    expect(await pressedVoice(page)).toBe('whale');
    expect(await textOf(page, '#after-title')).toBe('In a voice that it learnt: whale');
    const inWhale = await textOf(page, '#after');
    expect(inWhale).toMatch(/^It was a cold morning, and the king.{40}/);

    const files = await downloaded(page, folder, 'whale');
    await click(page, '#import summary');
    await fill(page, { 'import-name': 'whale' });
    await choose(page, '#adapter-files', files);
    await page.waitForSelector('[data-id="whale 2"]'); // the name “whale” was taken
    expect(await kilobytes(page, 'whale 2')).toBe(await kilobytes(page, 'whale'));

    expect(await pressedVoice(page)).toBe('whale');
    expect(await textOf(page, '#after')).toBe(inWhale);

    await page.reload();
    await page.waitForSelector('[data-id="whale"]');
    expect(await textOf(page, '[data-id="whale"] .facts')).toMatch(/^[\d.]+ kB · .+ · for prose-1\.4M$/);
    await click(page, '[aria-label="Write with it whale"]');
    await until(page, () => /^First words after/.test(document.querySelector('#try-status')?.textContent ?? ''));
    expect(await textOf(page, '#after-title')).toBe('In a voice that it learnt: whale');

    await click(page, '[data-id="whale"] .danger');
    expect(await textOf(page, '#confirm-title')).toBe('Delete “whale”?');
    await click(page, '#confirm-no');
    expect(await page.$('[data-id="whale"]')).not.toBeNull();
    await click(page, '[data-id="whale"] .danger');
    await click(page, '#confirm-yes');
    await until(page, () => document.querySelector('[data-id="whale"]') === null);
    // The deleted voice's text is no longer shown.
    expect(await pressedVoice(page)).toBe('The stage');
    expect(await textOf(page, '#after-title')).toBe('In a voice that it learnt: The stage');
    expect(await textOf(page, '#after')).toBe('It was a cold morning, and the king');
    await page.reload();
    await page.waitForSelector('[data-id="whale 2"]');
    expect(await page.$('[data-id="whale"]')).toBeNull();
  };
  await withDemo(site, body, { before: keepCopies });
});

testInAll('a run that is paused is downloaded, to go on with in Python, by keyboard on a small screen', async () => {
  await withDemo(site, async (page) => {
    await page.setViewport({ width: 360, height: 740 });
    await page.emulateMediaFeatures([{ name: 'prefers-color-scheme', value: 'dark' }]);
    await startLongRun(page);
    await phase(page, '#train-card', 'running');
    await clickAtOnce(page, '#pause');
    await phase(page, '#train-card', 'paused');
    const step = await shownStep(page);

    const downloadPath = await downloadsOf(page, folder);
    await page.focus('#go-on-in-python');
    await page.keyboard.press('Enter');
    await expect.poll(() => readdir(downloadPath)).toEqual(['whale-run.zip']);
    const files = unzipSync(await readFile(join(downloadPath, 'whale-run.zip')));
    expect(Object.keys(files)).toEqual(
      expect.arrayContaining(['train.py', `checkpoint-${step}/optimizer.safetensors`]),
    );
    expect(JSON.parse(strFromU8(files['run.json']!))).toMatchObject({ step, rows_per_step: 1 });
    const said = 'The run is downloaded. Its README.md tells how to go on in Python.';
    await page.waitForFunction((text) => document.querySelector('#announcer')?.textContent === text, {}, said);
    expect(await page.evaluate(() => document.activeElement?.id)).toBe('go-on-in-python');
    expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(360);
    await expectAccessible(page);

    // The export doesn't stop the run.
    expect(await textOf(page, '#train-status')).toBe('Paused. Nothing is lost.');
    await click(page, '#stop');
    await phase(page, '#train-card', 'idle');
    expect(await page.$eval('#go-on-in-python', (button) => (button as HTMLElement).hidden)).toBe(true);
  });
});

testInAll(
  'words that the browser restores after a reload stay in the box, and are asked for before they are replaced',
  async () => {
    // Browsers restore fields before a page's modules run, but not in automated reloads.
    const before = (): void =>
      document.addEventListener('readystatechange', () => {
        const box = document.querySelector<HTMLTextAreaElement>('#text-input');
        if (box !== null && document.readyState === 'interactive') box.value = 'My own words.';
      });
    const body = async (page: Page): Promise<void> => {
      await opened(page);
      await click(page, '#samples li:first-child button');
      await page.waitForSelector('#confirm-no');
      await page.click('#confirm-no');
      expect(await page.$eval('#text-input', (box) => (box as HTMLTextAreaElement).value)).toBe('My own words.');
      await click(page, '#samples li:first-child button');
      await page.click('#confirm-yes');
      await until(page, () => /^Day 1/.test(document.querySelector<HTMLTextAreaElement>('#text-input')?.value ?? ''));
    };
    await withDemo(site, body, { before });
  },
);

testInAll('a cancelled run keeps nothing, and what a file says is only ever text', async () => {
  await withDemo(site, async (page) => {
    const files = {
      'config.json': await readFile(join(model, 'config.json')),
      'tokenizer.json': await readFile(join(model, 'tokenizer.json')),
      '<img src=x onerror=alert(1)>.safetensors': await readFile(join(model, 'model.safetensors')),
    };
    await upload(page, folder, '#model-files', files);
    const loaded = () => document.querySelector('#model-name')?.textContent === '<img src=x onerror=alert(1)>';
    await until(page, loaded);
    // The demo's own voices are adapters of the bundled model, so none is shown for another model.
    expect(await page.$$eval('#voices button', (buttons) => buttons.length)).toBe(0);

    await opened(page);
    await typeText(page, 'Call me Ishmael.');
    await click(page, '#start');
    expect(await bannerText(page)).toMatch(/^That is too little to learn from\./);
    await click(page, '#banner button');
    const typed = '<b>Call me Ishmael.</b> Some years ago, never mind how long precisely. ';
    await typeText(page, typed.repeat(4));
    await click(page, '#settings summary');
    await fill(page, { max_length: '8', per_device_train_batch_size: '1', max_steps: '500' });
    await click(page, '#start');
    await phase(page, '#train-card', 'running');
    await click(page, '#cancel');
    await click(page, '#confirm-yes');
    await phase(page, '#train-card', 'idle');
    expect(await textOf(page, '#train-status')).toBe('The run ended early, and nothing was kept.');
    expect(await page.$('[data-id]')).toBeNull();
    expect(await page.$eval('#banner', (banner) => (banner as HTMLElement).hidden)).toBe(true);
    expect(await page.$('img')).toBeNull();
  });
});

testOnce('without WebGPU the page says so and what to do', async () => {
  await withDemo(
    site,
    async (page) => {
      await seen(page, '#unsupported');
      expect(await textOf(page, '#unsupported-reason')).toContain('no WebGPU');
      expect(await isDisabled(page, '#write')).toBe(true);
      expect(await isDisabled(page, '#start')).toBe(true);
    },
    { before: () => Object.defineProperty(Navigator.prototype, 'gpu', { get: () => undefined }) },
  );
});
