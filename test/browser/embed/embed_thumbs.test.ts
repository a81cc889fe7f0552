import type { Page } from 'puppeteer-core';
import { expect, test } from 'vitest';
import { expectAccessible } from '../helpers/axe';
import { prose, tag, withEmbed } from './embed_page';

/** Returns the label or the text of the focused element. */
function focused(page: Page): Promise<string> {
  return page.evaluate(() => {
    const element = document.activeElement?.shadowRoot?.activeElement ?? document.activeElement;
    const [label] = element instanceof HTMLTextAreaElement ? [...element.labels] : [element];
    return label?.textContent ?? '';
  });
}

async function onto(page: Page, name: string): Promise<void> {
  await expect.poll(() => focused(page)).toBe(name);
}

/** Returns which thumbs are pressed, and the last announcement to screen readers. */
function thumbs(page: Page): Promise<{ pressed: (string | null)[]; said: string | undefined }> {
  return page.evaluate(() => {
    const root = document.querySelector('web-vera')!.shadowRoot!;
    const pressed = [...root.querySelectorAll('[aria-pressed="true"]')].map(({ textContent }) => textContent);
    return { pressed, said: root.querySelector('section > [role="status"]')?.textContent };
  });
}

/** Returns whether the visitor is offered to learn from their opinions. */
function canLearn(page: Page): Promise<boolean> {
  return page.evaluate(() => {
    const buttons = [...document.querySelector('web-vera')!.shadowRoot!.querySelectorAll('button')];
    return buttons.some((button) => button.textContent === 'Learn from my choices' && button.checkVisibility());
  });
}

/** Focuses the prompt, once it is visible. */
async function toPrompt(page: Page): Promise<void> {
  await page.waitForFunction(
    () => {
      const root = document.querySelector('web-vera')?.shadowRoot;
      root?.querySelector<HTMLElement>('#prompt')?.focus();
      return root?.activeElement?.id === 'prompt';
    },
    { polling: 20 },
  );
}

function info(page: Page) {
  return page.evaluate(() => document.querySelector('web-vera')!.profile!.info);
}

test('a visitor judges a text by the keyboard, writes their own, and it learns from both', async () => {
  await withEmbed(
    'chromium',
    (cdn) => ({
      '/page.html': `${tag(cdn)}
        <web-vera model="${prose(cdn)}" r="4" target-modules="q_proj" max-steps="2" max-length="16"></web-vera>`,
    }),
    async (page, cdn) => {
      await page.setViewport({ width: 320, height: 900 });
      const press = async (key: 'Tab' | 'Enter' | 'Escape' | 'Space', name: string): Promise<void> => {
        await page.keyboard.press(key);
        await onto(page, name);
      };
      await page.evaluate(async () => {
        const element = document.querySelector('web-vera')!;
        const heard: unknown[] = [];
        Object.assign(window, { heard });
        for (const type of ['rated', 'corrected'] as const) {
          document.addEventListener(`webvera-${type}`, ({ detail }) => heard.push({ type, ...detail }));
        }
        await element.load();
      });
      await toPrompt(page);
      await page.keyboard.type('It was the whale');
      const asked = cdn.requests.length;
      await press('Tab', 'Write');
      await press('Enter', 'Stop');
      await onto(page, 'Write again');
      await expectAccessible(page);

      await press('Tab', 'More like this');
      expect(await thumbs(page)).toMatchObject({ pressed: [], said: expect.stringMatching(/^Written: /) });
      await page.keyboard.press('Space');
      await expect
        .poll(() => thumbs(page))
        .toMatchObject({ pressed: ['More like this'], said: expect.stringMatching(/^Noted.*more like/) });
      await expectAccessible(page);
      await press('Tab', 'Less like this');
      await page.keyboard.press('Enter');
      await expect
        .poll(() => thumbs(page))
        .toMatchObject({ pressed: ['Less like this'], said: expect.stringMatching(/^Noted.*less like/) });
      expect(await info(page)).toMatchObject({ ratings: 1, examples: 0, history: [] }); // one opinion of one text
      await page.keyboard.press('Enter');
      await expect.poll(() => thumbs(page)).toEqual({ pressed: [], said: 'Taken back.' });
      expect(await info(page)).toMatchObject({ ratings: 0 });
      expect(await canLearn(page)).toBe(false); // nothing is left to learn from
      await page.keyboard.press('Enter');
      await expect.poll(() => thumbs(page)).toMatchObject({ pressed: ['Less like this'] });
      await expect.poll(() => canLearn(page)).toBe(true);

      await press('Tab', 'Edit…');
      await press('Enter', 'How it should go on');
      await expectAccessible(page);
      await press('Escape', 'Edit…');
      await press('Enter', 'How it should go on');
      await page.keyboard.down('Control');
      await page.keyboard.press('a');
      await page.keyboard.up('Control');
      await page.keyboard.type('rose from the sea.');
      expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBe(320);
      await press('Tab', 'Keep mine');
      await press('Enter', 'Learn from my choices');
      expect(await thumbs(page)).toMatchObject({ said: expect.stringMatching(/^Noted.*your text/) });
      expect(await info(page)).toMatchObject({ ratings: 1, examples: 1, history: [] });
      const text = await page.evaluate(() => document.querySelector('web-vera')!.shadowRoot!.textContent);
      expect(text).toContain('It was the whale rose from the sea.');
      await expectAccessible(page);

      await page.keyboard.press('Enter');
      await expect.poll(async () => (await info(page)).history).toMatchObject([{ examples: 2 }]);
      const heard = await page.evaluate(() => (window as unknown as { heard: { completion: string }[] }).heard);
      const generated = heard[0]?.completion;
      expect(heard).toEqual([
        { type: 'rated', prompt: 'It was the whale', completion: generated, rating: 1 },
        { type: 'rated', prompt: 'It was the whale', completion: generated, rating: -1 },
        { type: 'rated', prompt: 'It was the whale', completion: generated, rating: 0 },
        { type: 'rated', prompt: 'It was the whale', completion: generated, rating: -1 },
        { type: 'corrected', prompt: 'It was the whale', completion: generated, text: ' rose from the sea.' },
      ]);
      expect(cdn.requests.slice(asked)).toEqual([]); // no opinion leaves the page

      // A page can hide the thumbs.
      const visible = (): Promise<boolean> =>
        page.evaluate(() => document.querySelector('web-vera')!.shadowRoot!.querySelector('.thumb')!.checkVisibility());
      await toPrompt(page);
      await page.keyboard.type(' that');
      await press('Tab', 'Write again');
      await press('Enter', 'Stop');
      await onto(page, 'Write again');
      expect(await visible()).toBe(true);
      await page.evaluate(() => document.querySelector('web-vera')!.setAttribute('feedback', 'off'));
      expect(await visible()).toBe(false);
    },
  );
});
