import { readFileSync } from 'node:fs';
import type { Page } from 'puppeteer-core';
import { expect, test } from 'vitest';
import { expectAccessible } from '../helpers/axe';
import { prose, tag, withEmbed } from './embed_page';

const text = readFileSync(new URL('../../../demo/public/text/moby-dick.txt', import.meta.url), 'utf8').slice(
  30_000,
  30_400,
);
const longWord = 'Donaudampfschifffahrtsgesellschaftskapitänsmützenabzeichen';

/** Returns the label or the text of the focused element. */
function focused(page: Page): Promise<string> {
  return page.evaluate(() => {
    const element = document.activeElement?.shadowRoot?.activeElement ?? document.activeElement;
    const [label] = element instanceof HTMLTextAreaElement ? [...element.labels] : [element];
    return label?.textContent ?? '';
  });
}

async function until(page: Page, state: string): Promise<void> {
  await page.waitForFunction((wanted) => document.querySelector('web-vera')?.state === wanted, { polling: 20 }, state);
}

/** Waits until the element of this name has the focus: the focus moves only in the next frame. */
async function onto(page: Page, name: string): Promise<void> {
  await expect.poll(() => focused(page)).toBe(name);
}

/** Returns the visible text of the interface. */
function shown(page: Page): Promise<string> {
  // biome-ignore lint/performance/useDomNodeTextContent: without what is hidden
  return page.evaluate(() => document.querySelector('web-vera')!.shadowRoot!.querySelector('section')!.innerText);
}

test('the whole element works with the keyboard, and axe finds no problem', async () => {
  await withEmbed(
    'chromium',
    (cdn) => ({
      '/page.html': `${tag(cdn)}
        <web-vera model="${prose(cdn)}" r="4" target-modules="q_proj" max-steps="400" max-length="16">
          <h2 slot="title">${longWord}</h2>
          <p slot="footer">${longWord}</p>
        </web-vera>`,
    }),
    async (page) => {
      await page.setViewport({ width: 320, height: 900 });
      const press = async (key: 'Tab' | 'Enter' | 'Escape', name: string): Promise<void> => {
        await page.keyboard.press(key);
        await onto(page, name);
      };
      await page.waitForFunction(() => document.querySelector('web-vera')?.shadowRoot?.querySelector('section'));
      await expectAccessible(page);
      await press('Tab', 'Load the model');
      await page.keyboard.press('Enter');
      await until(page, 'ready');
      await onto(page, 'Text to learn from');
      await expectAccessible(page);

      await page.keyboard.type(text.replaceAll(/\s+/g, ' '), { delay: 0 });
      await press('Tab', 'Learn');
      await press('Enter', 'Pause');
      await page.waitForFunction(
        () => (document.querySelector('web-vera')?.profile?.learning?.state.global_step ?? 0) > 1,
        { polling: 20 },
      );
      await press('Enter', 'Go on');
      await until(page, 'paused');
      expect(await shown(page)).toMatch(
        /Step \d+ of 400 · (\d+ s|about \d+ min) left\n+How surprised it is by your text: /,
      );
      await expectAccessible(page);
      await press('Enter', 'Pause');
      await press('Tab', 'Stop here');
      await press('Enter', 'Text to learn from');
      await until(page, 'ready');
      expect(await shown(page)).toMatch(/It has learnt once\. The last time it (got better|would have got worse)/);

      await press('Tab', 'Choose a file…'); // the field is empty again, so Learn is disabled
      await press('Tab', 'How it begins');
      await page.keyboard.type('It was the whale');
      await press('Tab', 'Write');
      await press('Enter', 'Stop');
      await onto(page, 'Write again');
      expect(await shown(page)).toMatch(/Written: \W*\w/);
      await expectAccessible(page);
      expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBe(320);

      await page.keyboard.press('Tab');
      while ((await focused(page)) !== 'Forget everything…') await page.keyboard.press('Tab');
      await press('Enter', 'Keep');
      await expectAccessible(page);
      await press('Escape', 'Forget everything…');
      await press('Enter', 'Keep');
      await press('Tab', 'Forget');
      await press('Enter', 'Import…');
      await expect.poll(() => shown(page)).toMatch(/Forgotten: [\d.]+ kB are deleted\..*Nothing yet\./s);
      expect(await shown(page)).not.toContain('It was the whale '); // nor the text that the forgotten profile wrote
      expect(await page.evaluate(() => window.WebVera.Profile.list())).toEqual([]);
      await expectAccessible(page);
    },
  );
});

test('a page can style the element', async () => {
  await withEmbed(
    'chromium',
    (cdn) => ({
      '/page.html': `${tag(cdn)}<web-vera model="${prose(cdn)}"><p slot="consent">Three megabytes, once.</p></web-vera>`,
    }),
    async (page) => {
      await page.waitForFunction(() => document.querySelector('web-vera')?.shadowRoot?.querySelector('section'));
      await page.waitForSelector('[slot="consent"]', { visible: true });
      expect(await shown(page)).not.toContain('This loads a language model');
      await page.emulateMediaFeatures([{ name: 'prefers-reduced-motion', value: 'reduce' }]);
      const looks = await page.evaluate(() => {
        const sheet = new CSSStyleSheet();
        sheet.replaceSync(`
          web-vera { --webvera-accent: rgb(250, 200, 0); --webvera-surface: rgb(20, 0, 40); --webvera-text: rgb(255, 255, 250);
            --webvera-radius: 3px; --webvera-font: monospace; }
          web-vera::part(button) { text-transform: uppercase; }`);
        document.adoptedStyleSheets = [sheet];
        const element = document.querySelector('web-vera')!;
        const part = (name: string): CSSStyleDeclaration =>
          getComputedStyle(element.shadowRoot!.querySelector(`[part="${name}"]`)!);
        const [panel, button] = [part('panel'), part('button')];
        const found = [...element.shadowRoot!.querySelectorAll('[part]')].map((each) => each.getAttribute('part'));
        return {
          panel: [panel.backgroundColor, panel.color, panel.borderRadius, panel.fontFamily],
          button: [button.backgroundColor, button.textTransform],
          parts: [...new Set(found)].sort(),
        };
      });
      expect(looks).toEqual({
        panel: ['rgb(20, 0, 40)', 'rgb(255, 255, 250)', '3px', 'monospace'],
        button: ['rgb(250, 200, 0)', 'uppercase'],
        parts: ['button', 'chart', 'field', 'message', 'output', 'panel', 'progress'],
      });
      await expectAccessible(page); // including the contrast of text on the accent colour
      const sizes = await page.evaluate(() =>
        ['10px', '24px'].map((size) => {
          document.documentElement.style.fontSize = size;
          return getComputedStyle(document.querySelector('web-vera')!).fontSize;
        }),
      );
      expect(sizes).toEqual(['16px', '24px']);
      await page.evaluate(() => document.documentElement.removeAttribute('style'));

      await page.hover('web-vera >>> button.primary');
      const looksHovered = await page.evaluate(() => {
        const primary = document.querySelector('web-vera')!.shadowRoot!.querySelector('button.primary')!;
        const other = primary.cloneNode(true) as Element;
        primary.after(other);
        const colours = (element: Element): string[] => {
          const { backgroundColor, borderColor, color } = getComputedStyle(element);
          return [String(element.matches(':hover')), backgroundColor, borderColor, color];
        };
        return ['false', 'true'].map((isDisabled) => {
          for (const each of [primary, other]) each.setAttribute('aria-disabled', isDisabled);
          const [hovered, usual] = [colours(primary), colours(other)];
          return hovered.map((value, index) => value !== usual[index]);
        });
      });
      expect(looksHovered).toEqual([
        [true, true, false, false],
        [true, false, false, false], // a button that can't be pressed looks so
      ]);
    },
  );
});

test('its words are intact on a page in another encoding, whose server names none', async () => {
  await withEmbed(
    'chromium',
    (cdn) => ({
      '/page.html': `<script src="${cdn.url}/plain/embed.js" charset="windows-1252" crossorigin defer></script>
        <web-vera model="${prose(cdn)}"></web-vera>`,
    }),
    async (page) => {
      await page.waitForFunction(() => document.querySelector('web-vera')?.shadowRoot?.querySelector('section'));
      const words = await page.evaluate(() => document.querySelector('web-vera')!.shadowRoot!.textContent);
      expect(words).toContain('Forget everything…');
    },
    { mounts: { '/plain/embed.js': { type: 'text/javascript', body: readFileSync('dist/embed.js') } } },
  );
});
