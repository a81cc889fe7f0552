import { expect, test } from 'vitest';
import { ofRing } from '../../helpers/ring';
import { expectAccessible } from '../helpers/axe';
import { browserNames } from '../helpers/harness';
import { prose, tag, withEmbed } from './embed_page';

const small = 'r="4" target-modules="q_proj,v_proj" max-steps="12" learning-rate="3e-2" max-length="32"';

test.each(ofRing(browserNames, { soak: (name) => name === 'firefox' }))(
  '%s: labels are learnt at once, with predictions as bars, and refined by a button',
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
          const errors: string[] = [];
          element.addEventListener('webvera-error', ({ detail }) => errors.push(detail.message));
          for (const type of ['ready', 'log', 'learnt']) {
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
          const until = async (holds: () => boolean): Promise<void> => {
            while (!holds()) await new Promise(requestAnimationFrame);
          };
          const history = () => element.profile!.info.history;
          const add = async (text: string, label: string): Promise<void> => {
            write('#lesson', text);
            find<HTMLSelectElement>('#label').value = label;
            button('Add').click();
            await until(() => find<HTMLTextAreaElement>('#lesson').value === '');
          };
          const labels = [...find<HTMLSelectElement>('#label').options].map(({ value }) => value);
          write('#prompt', 'The whale rose and blew its spout.');
          await add('The whale rose and blew its spout.', 'whales');
          await until(() => element.state === 'ready');
          const early = [button('Refine').disabled, history().length];
          await add('The ship has three masts and a keel.', 'ships');
          await add('A sperm whale dived with a great fluke.', 'whales');
          await add('All sails of the ship were torn from their masts.', 'ships');
          await until(() => history().at(-1)?.examples === 4 && !button('Refine').disabled);
          // Predictions appear after the training, without another click.
          await until(() => find('.attempt [part=output]').childElementCount > 0);
          const words = () => find('.teach [role=status]').textContent!;
          await until(() => words().includes('of 4'));
          const standing = words();
          const methods = new Set(history().map(({ method }) => method));
          const refine = async (): Promise<string> => {
            const learnt = next('webvera-learnt');
            button('Refine').click();
            await learnt;
            await until(
              () => /refine it|Refined|Refining made/.test(words()) && button('Tell').ariaDisabled === 'false',
            );
            return words();
          };
          const tooFew = await refine();
          for (const sea of ['calm', 'cold', 'wild', 'dark']) {
            await add(`The whale blew in a ${sea} sea.`, 'whales');
            await add(`The ship sailed on a ${sea} sea.`, 'ships');
          }
          await until(() => history().at(-1)?.examples === 12 && !button('Refine').disabled);
          const refined = await refine();
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
          return {
            heard: counted,
            errors,
            labels,
            early,
            standing,
            tooFew,
            methods: [...methods],
            refined,
            bars,
            best,
            refusal,
            examples,
            more,
          };
        });
        expect(seen.labels).toEqual(['whales', 'ships']);
        expect(seen.early).toEqual([true, 0]);
        expect(seen.standing).toMatch(
          /^Added: 2 whales, 2 shipsIt is right for [0-4] of 4 examples that it hadn’t seen\.$/,
        );
        expect(seen.methods).toEqual(['instant']);
        expect(seen.tooFew).toContain('It takes more examples to refine it: six of each label are enough.');
        expect(seen.refined).toMatch(
          /Refined, and kept\. .* for [0-4] of 4 now\.|Refining made it no better.* for [0-4] of 4 /,
        );
        expect([seen.examples, seen.more]).toEqual([12, 13]);
        expect(seen.heard.filter((type) => type === 'log')).toHaveLength(12);
        expect(seen.errors).toEqual([seen.refusal]);
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
