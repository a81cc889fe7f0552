import { expect, test } from 'vitest';
import { ofRing } from '../../helpers/ring';
import { expectAccessible } from '../helpers/axe';
import { browserNames } from '../helpers/harness';
import { prose, tag, withEmbed } from './embed_page';

const small = 'r="4" target-modules="q_proj,v_proj" max-steps="12" learning-rate="3e-2" max-length="32"';

test.each(ofRing(browserNames, { test: (name) => name === 'chromium' }))(
  '%s: a visitor teaches labels, and predictions are shown as bars',
  async (name) => {
    await withEmbed(
      name,
      (cdn) => ({
        '/page.html': `${tag(cdn)}
        <web-vera model="${prose(cdn)}" task="text-classification" labels="whales,ships" ${small}></web-vera>`,
      }),
      async (page) => {
        await page.waitForFunction(() => document.querySelector('web-vera')?.state === 'idle');
        const seen = await page.evaluate(async () => {
          const element = document.querySelector('web-vera')!;
          const heard: string[] = [];
          for (const type of ['ready', 'log', 'learnt', 'error']) {
            element.addEventListener(`webvera-${type}`, () => heard.push(type));
          }
          const find = <T extends HTMLElement>(selector: string): T => element.shadowRoot!.querySelector<T>(selector)!;
          const button = (text: string): HTMLButtonElement =>
            [...element.shadowRoot!.querySelectorAll('button')].find(({ textContent }) => textContent === text)!;
          const next = (type: string) =>
            new Promise((resolve) => element.addEventListener(type, resolve, { once: true }));
          const write = (selector: string, text: string): void => {
            const area = find<HTMLTextAreaElement>(selector);
            area.value = text;
            area.dispatchEvent(new Event('input'));
          };
          const ready = next('webvera-ready');
          button('Load the model').click();
          await ready;
          await new Promise(requestAnimationFrame);
          const add = (text: string, label: string): boolean => {
            write('#lesson', text);
            find<HTMLSelectElement>('#label').value = label;
            button('Add').click();
            return button('Learn').disabled;
          };
          const labels = [...find<HTMLSelectElement>('#label').options].map(({ value }) => value);
          const early = add('The whale rose and blew its spout.', 'whales');
          const enough = add('The ship has three masts and a keel.', 'ships');
          add('A sperm whale dived with a great fluke.', 'whales');
          add('All sails of the ship were torn from their masts.', 'ships');
          const list = find('.teach p[role=status]').textContent;
          const learnt = next('webvera-learnt');
          button('Learn').click();
          await learnt;
          await new Promise((resolve) => setTimeout(resolve));
          write('#prompt', 'The whale rose and blew its spout.');
          button('Tell').click();
          while (find('.attempt [part=output]').childElementCount === 0) await new Promise(requestAnimationFrame);
          const bars = [...element.shadowRoot!.querySelectorAll('.score')].map((score) => ({
            text: score.textContent,
            share: score.querySelector('progress')!.value,
          }));
          const [best] = await element.predict('The whale rose and blew its spout.');
          const refusal = await element.teach('whales').catch((error: { message: string }) => error.message);
          const { examples } = element.profile!.info;
          const counted = [...heard];
          await element.teach(new File(['text,label\n"A whale, seen at noon",whales\n'], 'more.csv'), { max_steps: 1 });
          const more = element.profile!.info.examples;
          return { heard: counted, labels, early, enough, list, bars, best, refusal, examples, more };
        });
        expect(seen.labels).toEqual(['whales', 'ships']);
        expect([seen.early, seen.enough]).toEqual([true, false]);
        expect(seen.list).toBe('To learn: 2 whales, 2 ships');
        expect([seen.examples, seen.more]).toEqual([4, 5]);
        expect(seen.heard.filter((type) => type === 'log')).toHaveLength(12);
        expect(seen.heard.filter((type) => type !== 'log')).toEqual(['ready', 'learnt', 'error']);
        expect(seen.bars).toHaveLength(2);
        expect(seen.bars[0]!.share + seen.bars[1]!.share).toBeCloseTo(1, 5);
        expect(seen.bars[0]!.share).toBeGreaterThan(0.5);
        expect(seen.bars[0]!.text).toBe(`${seen.best!.label}${Math.round(100 * seen.best!.score)} %`);
        expect(seen.best!.label).toBe('whales');
        expect(seen.refusal).toBe('teach: expected examples with labels, got a text without one');
        if (name === 'chromium') await expectAccessible(page);
      },
    );
  },
);
