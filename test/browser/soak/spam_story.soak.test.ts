import { join } from 'node:path';
import type { Page } from 'puppeteer-core';
import { expect, test } from 'vitest';
import { readSafetensors } from '../../../src/formats/tensors/safetensors';
import { builtDemo, until } from '../demo/demo_page';
import { EXAMPLE_HEADERS, openExample } from '../demo/examples_page';
import { expectAccessible } from '../helpers/axe';
import { withPage, withSite } from '../helpers/harness';
import { exported } from '../helpers/saved';

const { folder, site } = await builtDemo();

/** Enters a message and returns the page's prediction for it. */
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

/** Messages that the example page hasn't learnt from. */
const SPAM = [
  'You have won a prize, click here to claim it',
  'Claim your free cash prize',
  'Click here to win money',
  'Free pills, order today',
  'You are a winner! Reply to get your reward',
  'Cheap loans, money in your account today',
  'Get rich fast, work from home',
  'Confirm your account password now',
  '90% off, buy now',
  'Win a free holiday, act today',
];
const OTHERS = [
  'Mum called, ring her back',
  'See you at the station on Monday',
  'The keys are at the office',
  'Can we move lunch to one o’clock?',
  'I am late, start dinner without me',
  'Did you read my letter?',
  'The cat is asleep on your desk',
  'Thank you for the lovely birthday',
  'Is your brother home this evening?',
  'Please bring the notes to the meeting',
];

/** Returns how many of these messages the example page classifies correctly. */
async function rightOf(page: Page): Promise<number> {
  const all = [...SPAM.map((text) => ({ text, isSpam: true })), ...OTHERS.map((text) => ({ text, isSpam: false }))];
  let right = 0;
  for (const { text, isSpam } of all) right += Number(/not spam/.test(await told(page, text)) !== isSpam);
  return right;
}

test('the filter learns its messages at once, classifies 19 of 20 others correctly once it is refined, and after a reload', async () => {
  const profile = join(folder, 'spam');
  await withSite(
    async (url) => {
      const first = await withPage(
        'chromium',
        url,
        async ({ page }) => {
          await openExample(page, url, 'spam');
          await expectAccessible(page);
          await until(page, () => /sure/i.test(document.querySelector('output')?.value ?? ''));
          await until(page, () => /is refined\.$/.test(document.querySelector('#status')?.textContent ?? ''));
          expect(await rightOf(page)).toBeGreaterThanOrEqual(19);
          await page.setViewport({ width: 320, height: 900 });
          expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(320);
          return exported(page);
        },
        { profile },
      );
      await withPage(
        'chromium',
        url,
        async ({ page }) => {
          await openExample(page, url, 'spam');
          await until(page, () => document.querySelector('#status')?.textContent === 'It knows what you taught it.');
          expect(await told(page, SPAM[0]!)).toMatch(/^spam, /);
          const files = await exported(page);
          for (const file of ['adapter_config.json', 'adapter_model.safetensors']) {
            expect(files.get(file)).toEqual(first.get(file));
          }
          const { tensors } = readSafetensors(Uint8Array.from(files.get('adapter_model.safetensors')!));
          expect(tensors.get('base_model.model.classifier.weight')?.shape).toEqual([2, 128]);
          await page.click('#forget');
          await until(page, () => /^It has learnt from you/.test(document.querySelector('#status')?.textContent ?? ''));
        },
        { profile },
      );
    },
    { mounts: { '/demo/': site }, headers: EXAMPLE_HEADERS },
  );
});
