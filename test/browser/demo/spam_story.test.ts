import { join } from 'node:path';
import type { Page } from 'puppeteer-core';
import { expect, test } from 'vitest';
import { readSafetensors } from '../../../src/formats/tensors/safetensors';
import { expectWithin } from '../../helpers/clock';
import { expectAccessible } from '../helpers/axe';
import { browserNames, withPage, withSite } from '../helpers/harness';
import { exported, keepDownloads } from '../helpers/saved';
import { builtDemo, until } from './demo_page';

const { folder, site } = await builtDemo();

async function open(page: Page, url: string): Promise<void> {
  page.setDefaultTimeout(120_000);
  await keepDownloads(page);
  await page.goto(`${url}/demo/examples/spam.html`);
}

/** The prediction for a message. */
async function told(page: Page, message: string): Promise<string> {
  await page.$eval(
    '#text',
    (field, text) => {
      document.querySelector('output')!.value = '';
      (field as HTMLTextAreaElement).value = text;
      field.dispatchEvent(new Event('input'));
    },
    message,
  );
  await until(page, () => document.querySelector('output')?.value !== '');
  return page.$eval('output', ({ value }) => value);
}

/** Allows the inline script of an example. */
const headers = { 'Content-Security-Policy': "script-src 'self' 'unsafe-inline'; worker-src blob:" };

const SPAM = ['Claim your free cash prize', 'Click here to win money'];
const OTHERS = ['See you at the station on Monday', 'The keys are at the office'];

test.each(browserNames)(
  '%s: a visitor labels twelve messages, and the filter knows them after a reload',
  async (name) => {
    const profile = join(folder, `spam-${name}`);
    await withSite(
      async (url) => {
        const first = await withPage(
          name,
          url,
          async ({ page }) => {
            await open(page, url);
            await page.setViewport({ width: 1280, height: 1000 });
            if (name === 'chromium') await expectAccessible(page);
            await until(page, () => document.querySelector('output')?.value === 'It has learnt nothing yet');
            await page.$$eval('#teach input', (boxes) => {
              for (const [index, box] of boxes.entries()) (box as HTMLInputElement).checked = index % 2 === 0;
            });
            const begun = Date.now();
            await page.click('#teach button');
            await until(page, () => document.querySelector('#status')?.textContent === 'It has learnt from you.');
            const seconds = (Date.now() - begun) / 1000;
            await until(page, () => /% sure$/.test(document.querySelector('output')?.value ?? ''));
            await page.setViewport({ width: 320, height: 900 });
            expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(320);
            return { seconds, files: await exported(page) };
          },
          { profile },
        );
        // The budget for two cores.
        expectWithin(60_000, 1000 * first.seconds);
        await withPage(
          name,
          url,
          async ({ page }) => {
            await open(page, url);
            for (const message of SPAM) expect(await told(page, message)).toMatch(/^spam, /);
            for (const message of OTHERS) expect(await told(page, message)).toMatch(/^not spam, /);
            const files = await exported(page);
            for (const file of ['adapter_config.json', 'adapter_model.safetensors']) {
              expect(files.get(file)).toEqual(first.files.get(file));
            }
            const { tensors } = readSafetensors(Uint8Array.from(files.get('adapter_model.safetensors')!));
            expect(tensors.get('base_model.model.score.weight')?.shape).toEqual([2, 128]);
            expect(tensors.has('base_model.model.model.layers.0.self_attn.q_proj.vera_lambda_b')).toBe(true);
          },
          { profile },
        );
      },
      { mounts: { '/demo/': site }, headers },
    );
  },
);
