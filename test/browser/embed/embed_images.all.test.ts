import { expect, test } from 'vitest';
import { expectAccessible } from '../helpers/axe';
import { tag, withEmbed } from './embed_page';

test('a visitor teaches pictures, and predictions are shown as bars', async () => {
  await withEmbed(
    'chromium',
    (cdn) => ({
      '/page.html': `${tag(cdn)}
        <web-vera model="${cdn.url}/models/vit-pictures-1.4M/" task="image-classification" labels="dark,light"
          r="4" max-steps="10" learning-rate="3e-2"></web-vera>`,
    }),
    async (page) => {
      await page.setViewport({ width: 320, height: 900 });
      await page.waitForFunction(() => document.querySelector('web-vera')?.state === 'idle');
      const added = await page.evaluate(async () => {
        const element = document.querySelector('web-vera')!;
        const root = element.shadowRoot!;
        const find = <T extends HTMLElement>(selector: string): T => root.querySelector<T>(selector)!;
        const button = (text: string): HTMLButtonElement =>
          [...root.querySelectorAll('button')].find(({ textContent }) => textContent === text)!;
        const until = async (holds: () => boolean): Promise<void> => {
          while (!holds()) await new Promise(requestAnimationFrame);
        };
        const picture = async (name: string, level: number): Promise<File> => {
          const canvas = new OffscreenCanvas(40, 30);
          const context = canvas.getContext('2d')!;
          context.fillStyle = `rgb(${level} ${level} ${level})`;
          context.fillRect(0, 0, 40, 30);
          return new File([await canvas.convertToBlob()], name, { type: 'image/png' });
        };
        const filled = (...files: readonly File[]): DataTransfer => {
          const transfer = new DataTransfer();
          for (const file of files) transfer.items.add(file);
          return transfer;
        };
        const drop = (zone: string, ...files: readonly File[]): void => {
          find(zone).dispatchEvent(new DragEvent('drop', { dataTransfer: filled(...files), bubbles: true }));
        };
        const pick = (...files: readonly File[]): void => {
          const picker = find<HTMLInputElement>('.teach input[type=file]');
          picker.files = filled(...files).files;
          picker.dispatchEvent(new Event('change'));
        };
        Object.assign(window, { find, button, until, picture, drop });
        button('Load the model').focus();
        button('Load the model').click();
        await until(() => element.state === 'ready' && !find('.work').hidden);
        const landed = root.activeElement?.textContent;
        const count = () => root.querySelectorAll('.pictures li').length;
        find<HTMLSelectElement>('#label').value = 'dark';
        pick(await picture('night.png', 10), await picture('coal.png', 25));
        await until(() => count() === 2 && element.state === 'ready');
        const early = button('Refine').disabled;
        find<HTMLSelectElement>('#label').value = 'light';
        drop('.teach', await picture('snow.png', 250), await picture('milk.png', 235), new File(['not'], 'notes.png'));
        await until(() => count() === 4 && find('.teach p[role=status]').textContent!.includes('notes.png'));
        await until(() => find('.teach div[role=status]').textContent!.includes('of 4'));
        const names = [...root.querySelectorAll('.pictures canvas')].map((canvas) => canvas.getAttribute('aria-label'));
        const [list, refused] = [
          find('.teach div[role=status]').textContent,
          find('.teach p[role=status]').textContent,
        ];
        return { landed, early, names, list, refused };
      });
      expect(added.landed).toBe('Add pictures…');
      expect(added.early).toBe(true);
      expect(added.names).toEqual(['dark: night.png', 'dark: coal.png', 'light: snow.png', 'light: milk.png']);
      expect(added.list).toBe('Added: 2 dark, 2 lightIt is right for 4 of 4 examples that it hadn’t seen.');
      expect(added.refused).toMatch(/^notes\.png is no picture/);
      await expectAccessible(page);
      expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(320);

      const seen = await page.evaluate(async () => {
        const { find, button, until, picture, drop } = window as unknown as {
          find: (selector: string) => HTMLElement;
          button: (text: string) => HTMLButtonElement;
          until: (holds: () => boolean) => Promise<void>;
          picture: (name: string, level: number) => Promise<File>;
          drop: (zone: string, ...files: readonly File[]) => void;
        };
        const element = document.querySelector('web-vera')!;
        const dusk = await picture('dusk.png', 5);
        drop('.attempt', dusk);
        await until(() => find('.attempt [part=output]').querySelectorAll('.score').length === 2);
        const before = find('.attempt .score');
        const learnt = new Promise((resolve) => element.addEventListener('webvera-learnt', resolve, { once: true }));
        button('Refine').click();
        await learnt;
        // The prediction is updated after the training.
        await until(() => find('.attempt .score') !== before);
        const first = find('.attempt .score').textContent;
        const [best] = await element.predict(dusk);
        const { examples, history } = element.profile!.info;
        return { first, best, examples, times: history.length, shown: find('.attempt canvas').ariaLabel };
      });
      expect(seen.best?.label).toBe('dark');
      expect(seen.first).toBe(`dark${Math.round(100 * (seen.best?.score ?? 0))} %`);
      expect(seen).toMatchObject({ examples: 4, times: 2, shown: 'dusk.png' });
      await expectAccessible(page);
    },
  );
});
