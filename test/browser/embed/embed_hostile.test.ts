import { expect, test } from 'vitest';
import type { WebVeraElement } from '../../../src/embed';
import { hostileTokenizer, IMAGE } from '../../helpers/bytes/hostile_text';
import { browserNames } from '../helpers/harness';
import { type Cdn, tag, withEmbed } from './embed_page';

declare global {
  interface Window {
    /** How often an inline event handler has run. */
    hits: number;
  }
}

const json = (value: unknown) => ({ type: 'application/json', body: JSON.stringify(value) });
const mounts = {
  '/models/prose-1.4M/tokenizer.json': { type: 'application/json', body: hostileTokenizer() },
  '/odd/config.json': json({ model_type: IMAGE }),
};
/** The most permissive Content Security Policy under test: it allows inline event handlers. */
const policy = ({ url }: Cdn): string => `script-src ${url} 'unsafe-inline'; worker-src blob:; connect-src ${url}`;
const escaped = IMAGE.replaceAll('<', '&lt;');

test.each(browserNames)('%s: text from a model, a file or a visitor is never HTML', async (name) => {
  await withEmbed(
    name,
    (cdn) => ({
      '/page.html': `<script>window.hits = 0; var hit = () => { window.hits++; };</script>${tag(cdn)}
        <web-vera id="one" model="${cdn.url}/models/prose-1.4M/" profile="${escaped}" r="4" target-modules="q_proj"></web-vera>
        <web-vera id="two" model="${cdn.url}/odd/"></web-vera>
        <web-vera id="three" model="${escaped}" r="${escaped}"></web-vera>`,
    }),
    async (page) => {
      await page.evaluate(async (image) => {
        // Checks that an inline event handler does run on this page.
        const probe = document.createElement('div');
        probe.innerHTML = image;
        document.body.append(probe);
        while (window.hits === 0) await new Promise((resolve) => setTimeout(resolve, 10));
        probe.remove();
      }, IMAGE);
      const shown = await page.evaluate(async (image) => {
        const [one, two, three] = document.querySelectorAll<WebVeraElement>('web-vera') as unknown as WebVeraElement[];
        const texts: string[] = [];
        /** Waits until the element shows a text, because it is drawn only in a later frame. */
        const look = async (element: WebVeraElement | undefined, text: string): Promise<void> => {
          const shown = (): string => element?.shadowRoot?.textContent ?? '';
          while (!shown().includes(text)) await new Promise((resolve) => setTimeout(resolve, 50));
          texts.push(shown());
        };
        await two?.load().catch(() => {});
        await look(two, image);
        await three?.load().catch(() => {});
        await look(three, image);
        await one?.load();
        const root = one?.shadowRoot;
        const [lesson, prompt] = root?.querySelectorAll('textarea') ?? [];
        // The hostile text is used as a file's name, a text to learn and a prompt. The tokenizer also makes it part of generated text.
        const picked = new DataTransfer();
        picked.items.add(new File(['Call me Ada.'], `${image}.txt`));
        const picker = root?.querySelector<HTMLInputElement>('.teach input[type=file]');
        if (picker != null) picker.files = picked.files;
        picker?.dispatchEvent(new Event('change'));
        if (lesson !== undefined) lesson.value = image;
        if (prompt !== undefined) prompt.value = image;
        prompt?.dispatchEvent(new Event('input'));
        const write = [...(root?.querySelectorAll('button') ?? [])].find(({ textContent }) => textContent === 'Write');
        const output = root?.querySelector('.output');
        while ((output?.textContent?.split('onerror').length ?? 0) < 4) {
          // Some generated texts end after one or two tokens; then another one is started.
          if (write?.hidden === false) write.click();
          await new Promise((resolve) => setTimeout(resolve, 50));
        }
        await look(one, `${image}.txt`);
        [...(root?.querySelectorAll('button') ?? [])].find(({ textContent }) => textContent === 'Stop')?.click();
        const config = new Blob([JSON.stringify({ peft_type: image })]);
        const files = new Map([
          ['adapter_config.json', config],
          ['adapter_model.safetensors', new Blob([image])],
        ]);
        await one?.import(files).catch(() => {});
        await look(one, image);
        const images = [one, two, three].map((element) => element?.shadowRoot?.querySelectorAll('img').length);
        return { texts, images, hits: window.hits };
      }, IMAGE);
      expect(shown).toMatchObject({ images: [0, 0, 0], hits: 1 });
      const [odd = '', attribute = '', written = '', imported = ''] = shown.texts;
      expect(odd).toContain(IMAGE);
      expect(attribute).toContain(IMAGE);
      expect(written).toContain(`${IMAGE}.txt`);
      expect(written).toMatch(/<img\/src=x\/onerror=hit\(\)>\d/);
      expect(imported).toContain(IMAGE);
    },
    { policy, mounts },
  );
});
