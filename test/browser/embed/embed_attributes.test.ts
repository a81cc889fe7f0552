import { expect, test } from 'vitest';
import { prose, tag, withEmbed } from './embed_page';

test('attributes that are set late take effect, and the interface matches the loaded task', async () => {
  await withEmbed(
    'chromium',
    (cdn) => ({ '/page.html': tag(cdn) }),
    async (page, cdn) => {
      await page.waitForFunction(() => customElements.get('web-vera') !== undefined);
      const consent = await page.evaluate(() => {
        const element = document.createElement('web-vera');
        document.body.append(element);
        const names = ['org/b', './models/c/'].map((model) => {
          element.setAttribute('model', model);
          return element.shadowRoot!.querySelector('strong')!.textContent;
        });
        element.remove();
        return names;
      });
      expect(consent).toEqual(['org/b', 'c']);

      const states = await page.evaluate(async (model) => {
        const next = (element: Element, type: string): Promise<unknown> =>
          new Promise((resolve) => element.addEventListener(type, resolve, { once: true }));
        const late = document.createElement('web-vera');
        document.body.append(late);
        const seen: string[] = [];
        const look = async (): Promise<void> => {
          await Promise.resolve();
          seen.push(late.state);
        };
        late.addEventListener('webvera-error', () => seen.push('told'));
        late.setAttribute('autoload', '');
        await look(); // no model is loaded yet
        late.setAttribute('r', '4');
        late.setAttribute('model', model);
        late.setAttribute('target-modules', 'q_proj');
        seen.push(late.state);
        await look();
        await late.stop();
        seen.push(late.state);
        late.remove();
        // Attributes that are set in one turn of the event loop take effect together, in any order.
        const one = document.createElement('web-vera');
        one.id = 'one';
        one.setAttribute('autoload', '');
        document.body.append(one);
        one.setAttribute('model', model);
        const ready = next(one, 'webvera-ready');
        await Promise.resolve();
        seen.push(one.state);
        await ready;
        one.setAttribute('model', 'org/other');
        await Promise.resolve();
        seen.push(one.state); // the interface changes when the element is loaded again
        one.setAttribute('model', model);
        return seen;
      }, prose(cdn));
      expect(states).toEqual(['told', 'error', 'error', 'loading', 'idle', 'loading', 'ready']);

      const shown = await page.evaluate(async () => {
        const one = document.querySelector('web-vera')!;
        const find = (selector: string) => one.shadowRoot!.querySelector(selector);
        const heading = () => find('h2')!.textContent;
        await new Promise(requestAnimationFrame);
        const headings = [heading()];
        one.setAttribute('task', 'text-classification');
        one.setAttribute('labels', 'ham,spam');
        one.setAttribute('profile', 'spam');
        headings.push(heading());
        const isThere = (find('#prompt') as HTMLElement).checkVisibility();
        await one.load();
        headings.push(heading());
        for (const name of ['task', 'labels', 'profile']) one.removeAttribute(name);
        headings.push(heading());
        await one.load();
        headings.push(heading());
        return { headings, isThere };
      });
      const [writes, tells] = [
        'A language model that learns from you',
        'A model that learns from you to tell texts apart',
      ];
      expect(shown).toEqual({ headings: [writes, writes, tells, tells, writes], isThere: true });

      // Other profiles of the loaded model open without another load, and end a text of the former one's.
      const { length } = cdn.requests;
      const switched = await page.evaluate(async () => {
        const one = document.querySelector('web-vera')!;
        const { model } = one;
        const seen: unknown[] = [];
        for (const profile of ['ann', 'ben']) {
          const written = one.generate('It was', { max_new_tokens: 200, eos_token_id: null });
          await written[Symbol.asyncIterator]().next();
          one.setAttribute('profile', profile);
          await one.load();
          const end = await written.catch(({ name }) => name);
          seen.push([one.profile!.id, one.model === model, end, (await one.model!.memory()).gpu_bytes]);
        }
        return seen;
      });
      const [[, , , bytes]] = switched as [[string, boolean, string, number]];
      expect(switched).toEqual(['ann', 'ben'].map((id) => [id, true, 'AbortError', bytes]));
      expect(cdn.requests).toHaveLength(length);

      // When the interface is removed, a text generation that it started ends.
      const tokens = await page.evaluate(async () => {
        const one = document.querySelector('web-vera')!;
        let count = 0;
        one.addEventListener('webvera-token', () => {
          if (count++ === 0) one.setAttribute('headless', '');
        });
        const prompt = one.shadowRoot!.querySelector<HTMLTextAreaElement>('#prompt')!;
        prompt.value = 'It was the whale';
        prompt.dispatchEvent(new Event('input'));
        const write = [...one.shadowRoot!.querySelectorAll('button')].find(
          ({ textContent }) => textContent === 'Write',
        )!;
        while (count === 0) {
          // A generated text may be empty; then another one is started.
          if (!write.hidden) write.click();
          await new Promise((resolve) => setTimeout(resolve, 20));
        }
        await one.generate('It was the whale', { max_new_tokens: 80, eos_token_id: null });
        return count;
      });
      expect(tokens).toBeLessThan(140);
    },
  );
});

test('properties that are set before the script runs, and false as an attribute, take effect', async () => {
  await withEmbed(
    'chromium',
    (cdn) => ({ '/page.html': `<web-vera id="early" autoload="false" headless="false"></web-vera>${tag(cdn)}` }),
    async (page) => {
      await page.evaluateOnNewDocument(() => {
        // Parsing has created the element by then, and the deferred script hasn't run.
        document.addEventListener('readystatechange', () => {
          if (document.readyState !== 'interactive') return;
          const early = { profile: 'ann', headless: true, model: 'org/early' };
          Object.assign(document.querySelector('#early') ?? {}, early);
        });
      });
      await page.reload();
      await page.waitForFunction(() => customElements.get('web-vera') !== undefined);
      const found = await page.evaluate(async () => {
        const early = document.querySelector('web-vera')!;
        const attributes = ['model', 'profile', 'autoload'].map((name) => early.getAttribute(name));
        const hasPanel = (): boolean => early.shadowRoot!.querySelector('section') !== null;
        const panels = [hasPanel()];
        early.headless = false;
        panels.push(hasPanel());
        early.setAttribute('headless', 'false');
        panels.push(hasPanel());
        early.headless = '';
        panels.push(hasPanel());
        await new Promise(requestAnimationFrame);
        const { state, autoload, headless } = early;
        early.autoload = true;
        const after = early.getAttribute('autoload');
        early.autoload = false; // before anything is loaded
        return { attributes, panels, state, autoload, headless, own: Object.keys(early), after, is: early.autoload };
      });
      expect(found).toEqual({
        attributes: ['org/early', 'ann', 'false'],
        panels: [false, true, true, false],
        state: 'idle',
        autoload: false,
        headless: true,
        own: [],
        after: '',
        is: false,
      });
    },
  );
});
