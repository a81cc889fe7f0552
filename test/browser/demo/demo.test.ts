import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { strFromU8, unzipSync } from 'fflate';
import type { Page } from 'puppeteer-core';
import { expect, test } from 'vitest';
import { ofRing, testOnce } from '../../helpers/ring';
import { expectAccessible } from '../helpers/axe';
import { crashGpu } from '../helpers/crash';
import { downloadsOf } from '../helpers/downloads';
import { builtDemo, click, clickAtOnce, fill, isDisabled, phase, seen, textOf, until, withDemo } from './demo_page';
import {
  choose,
  chooseBundled,
  exported,
  keptStep,
  kilobytes,
  startLongRun,
  upload,
  wouldAskBeforeLeaving,
} from './text_page';

const root = fileURLToPath(new URL('../../../', import.meta.url));
const model = join(root, 'demo/public/models/prose-1.4M');
const { folder, site } = await builtDemo();

testOnce('a visitor trains an adapter, finds it again after a reload, uses it and deletes it', async () => {
  await withDemo(site, async (page) => {
    await click(page, '#load-bundled');
    await seen(page, '#model-ready');
    expect(await textOf(page, '#model-facts')).toBe('llama · 6 layers · 128 wide · 2,048 tokens');
    expect(await isDisabled(page, '#start')).toBe(true); // no text is chosen yet
    await page.waitForSelector('#memory:not(:empty)');
    const memory = await textOf(page, '#memory');
    expect(memory).toMatch(
      /^Training takes about \d+(\.\d+)? MB of the graphics card’s memory, and about \d+ (s|min.*)\.$/,
    );
    await click(page, '#use-sample');
    await seen(page, '#text-file');
    expect(await textOf(page, '#text-facts')).toBe('307 kB');

    await page.click('#settings summary');
    await fill(page, {
      max_steps: '40',
      per_device_train_batch_size: '1',
      max_length: '32',
      warmup_steps: '1',
      r: '0',
    });
    await page.waitForFunction((before) => document.querySelector('#memory')?.textContent !== before, {}, memory);
    await fill(page, { 'sample-tokens': '2', 'adapter-name': 'whale' });
    await click(page, '#start');
    expect(await textOf(page, '#r-problem')).toBe('A whole number from 1 to 1,024.');
    expect(await page.$eval('#train-card', (card) => (card as HTMLElement).dataset.phase)).toBe('idle');
    await fill(page, { r: '16' });

    await click(page, '#start');
    await phase(page, '#train-card', 'running');
    expect(await wouldAskBeforeLeaving(page)).toBe(true);
    await clickAtOnce(page, '#pause');
    await phase(page, '#train-card', 'paused');
    expect(await textOf(page, '#number-step')).toMatch(/^[1-3]?\d of 40$/);
    await click(page, '#pause');
    await phase(page, '#train-card', 'idle');
    expect(await textOf(page, '#number-step')).toBe('40 of 40');
    expect(Number(await textOf(page, '#number-loss'))).toBeGreaterThan(2);
    expect(Number(await textOf(page, '#number-loss'))).toBeLessThan(9); // ln 2048 = 7.6 would be chance
    expect(await page.$$eval('#chart canvas', (canvases) => canvases.length)).toBe(1);
    expect(await page.$$eval('#loss-rows tr', (rows) => rows.length)).toBe(11);
    expect(await textOf(page, '#train-status')).toMatch(/^Done: 40 steps in .+ Saved as “whale” and switched on\.$/);
    expect(await wouldAskBeforeLeaving(page)).toBe(false);

    // The page writes both samples after the training.
    await until(page, () => document.querySelector('#announcer')?.textContent === 'Both samples are written.');
    for (const output of ['#before', '#after']) {
      expect(await textOf(page, output)).toMatch(/^It was a cold morning, and the captain./);
    }

    const downloads = await exported(page, folder, 'whale');
    await page.click('#import summary');
    await fill(page, { 'import-name': 'whale' });
    await choose(page, '#adapter-files', downloads);
    await page.waitForSelector('[data-id="whale 2"]'); // the name “whale” was taken
    expect(await kilobytes(page, 'whale 2')).toBe(await kilobytes(page, 'whale'));

    await page.reload();
    await page.waitForSelector('[data-id="whale"]');
    expect(await textOf(page, '[data-id="whale"] .facts')).toMatch(/^[\d.]+ kB · .+ · for prose-1\.4M · rank 16$/);
    const toggle = '[data-id="whale"] [role="switch"]';
    expect(await isDisabled(page, toggle)).toBe(true); // no model is loaded yet
    await click(page, '#load-bundled');
    await seen(page, '#model-ready');
    await click(page, toggle);
    await page.waitForSelector(`${toggle}[aria-checked="true"]`);
    expect(await textOf(page, '#after-title')).toBe('After: with “whale”');

    await page.click('[data-id="whale"] .danger');
    expect(await textOf(page, '#confirm-title')).toBe('Delete “whale”?');
    await page.click('#confirm-no');
    expect(await page.$('[data-id="whale"]')).not.toBeNull();
    await click(page, '[data-id="whale"] .danger');
    await page.click('#confirm-yes');
    await until(page, () => document.querySelector('[data-id="whale"]') === null);
    await page.reload();
    await page.waitForSelector('[data-id="whale 2"]');
    expect(await page.$('[data-id="whale"]')).toBeNull();
  });
});

testOnce('a run that is paused is downloaded, to go on with in Python, by keyboard on a small screen', async () => {
  await withDemo(site, async (page) => {
    await page.setViewport({ width: 360, height: 740 });
    await page.emulateMediaFeatures([{ name: 'prefers-color-scheme', value: 'dark' }]);
    await chooseBundled(page);
    await startLongRun(page);
    await phase(page, '#train-card', 'running');
    await clickAtOnce(page, '#pause');
    await phase(page, '#train-card', 'paused');
    const [step = ''] = (await textOf(page, '#number-step')).split(' ');

    const downloadPath = await downloadsOf(page, folder);
    await page.focus('#go-on-in-python');
    await page.keyboard.press('Enter');
    await expect.poll(() => readdir(downloadPath), { timeout: 20_000 }).toEqual(['whale-run.zip']);
    const files = unzipSync(await readFile(join(downloadPath, 'whale-run.zip')));
    expect(Object.keys(files)).toEqual(
      expect.arrayContaining(['train.py', `checkpoint-${step}/optimizer.safetensors`]),
    );
    expect(JSON.parse(strFromU8(files['run.json']!))).toMatchObject({ step: Number(step), rows_per_step: 1 });
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

testOnce('a run whose page was closed is gone on with later, where it was kept', async () => {
  await withDemo(site, async (page) => {
    await chooseBundled(page);
    await startLongRun(page);
    const kept = await keptStep(page);
    page.on('dialog', (dialog) => void dialog.accept());
    await page.reload();

    await seen(page, '#interrupted');
    const [, stopped] = /^“whale” stopped at step (\d+) of 400\./.exec(await textOf(page, '#interrupted-text')) ?? [];
    expect(Number(stopped)).toBeGreaterThanOrEqual(kept);
    expect(await textOf(page, '#interrupted-text')).toMatch(/To go on, choose prose-1\.4M and moby-dick\.txt again\.$/);
    expect(await isDisabled(page, '#go-on')).toBe(true);
    await chooseBundled(page);
    expect(await textOf(page, '#interrupted-text')).toMatch(/ of 400\.$/);
    await click(page, '#go-on');
    await phase(page, '#train-card', 'running');
    expect(await page.$eval('#interrupted', (block) => (block as HTMLElement).hidden)).toBe(true);
    expect(await textOf(page, '#number-step')).toMatch(/^\d+ of 400$/);
    await click(page, '#stop');
    await phase(page, '#train-card', 'idle');
    expect(await textOf(page, '#train-status')).toMatch(/^Done: \d+ steps in .+ Saved as “whale” and switched on\.$/);
    expect(Number((await textOf(page, '#number-step')).split(' ')[0])).toBeGreaterThan(kept);
    // The table has the losses of all steps, including those before the reload.
    expect(await page.$eval('#loss-rows th', (cell) => cell.textContent)).toBe('1');

    await page.reload();
    await page.waitForSelector('[data-id="whale"]');
    expect(await page.$eval('#interrupted', (block) => (block as HTMLElement).hidden)).toBe(true);
  });
});

test.each(ofRing([false, true], { test: () => false }))(
  'a run (paused: %s) whose graphics card gave up goes on by itself',
  async (paused) => {
    const body = async (page: Page): Promise<void> => {
      await chooseBundled(page);
      await startLongRun(page);
      const kept = await keptStep(page);
      if (paused) {
        await clickAtOnce(page, '#pause');
        await phase(page, '#train-card', 'paused');
      }
      await crashGpu(page);
      await until(page, () => /goes on by itself/.test(document.querySelector('#train-status')?.textContent ?? ''));

      await seen(page, '#banner');
      expect(await textOf(page, '#banner')).toMatch(
        /^The graphics card gave up\. The run( went back \d+ steps?, and)? goes on by itself\./,
      );
      await click(page, '#banner button');
      await phase(page, '#train-card', paused ? 'paused' : 'running');
      await click(page, '#stop');
      await phase(page, '#train-card', 'idle');
      expect(await textOf(page, '#train-status')).toMatch(/^Done: \d+ steps in .+ Saved as “whale” and switched on\.$/);
      expect(Number((await textOf(page, '#number-step')).split(' ')[0])).toBeGreaterThanOrEqual(kept);
    };
    await withDemo(site, body, { own: true });
  },
);

testOnce('a cancelled run keeps nothing, and what a file says is only ever text', async () => {
  await withDemo(site, async (page) => {
    const files = {
      'config.json': await readFile(join(model, 'config.json')),
      'tokenizer.json': await readFile(join(model, 'tokenizer.json')),
      '<img src=x onerror=alert(1)>.safetensors': await readFile(join(model, 'model.safetensors')),
    };
    await upload(page, folder, '#model-files', files);
    await seen(page, '#model-ready');
    expect(await textOf(page, '#model-name')).toBe('<img src=x onerror=alert(1)>');

    await page.type('#text-input', '<b>Call me Ishmael.</b> Some years ago, never mind how long precisely.');
    await page.click('#settings summary');
    await fill(page, { max_length: '8', per_device_train_batch_size: '1', max_steps: '500' });
    await click(page, '#start');
    await phase(page, '#train-card', 'running');
    await click(page, '#cancel');
    await page.click('#confirm-yes');
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
      expect(await isDisabled(page, '#load-bundled')).toBe(true);
    },
    { before: () => Object.defineProperty(Navigator.prototype, 'gpu', { get: () => undefined }) },
  );
});
