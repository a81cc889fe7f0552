import { expect } from 'vitest';
import { testInAll, testOnce } from '../../helpers/ring';
import { crashGpu } from '../helpers/crash';
import { prose, small, tag, withEmbed } from './embed_page';

testOnce('without WebGPU the page’s own message is shown, and loading rejects with the reason', async () => {
  await withEmbed(
    'chromium',
    (cdn) => ({
      '/page.html': `${tag(cdn)}
        <web-vera model="${prose(cdn)}"><p slot="unsupported" id="words">Please come back with another browser.</p></web-vera>`,
    }),
    async (page) => {
      await page.evaluateOnNewDocument(() => {
        Object.defineProperty(Navigator.prototype, 'gpu', { get: () => undefined });
      });
      await page.reload();
      await page.waitForSelector('#words', { visible: true });
      const failure = await page.evaluate(async () => {
        const element = document.querySelector('web-vera')!;
        const { code, hint } = (await element.load().catch((error: unknown) => error)) as {
          code: string;
          hint: string;
        };
        const offered = [...element.shadowRoot!.querySelectorAll('button')].filter((button) =>
          button.checkVisibility(),
        );
        return { code, hint, state: element.state, offered: offered.length };
      });
      expect(failure).toMatchObject({ code: 'unsupported_device', state: 'error', offered: 0 });
      expect(failure.hint).toMatch(/Chrome/);
    },
  );
});

testOnce('a run that recovers is reported', async () => {
  await withEmbed(
    'chromium',
    (cdn) => ({ '/page.html': `${tag(cdn)}<web-vera model="${prose(cdn)}" ${small}></web-vera>` }),
    async (page) => {
      await page.waitForFunction(() => document.querySelector('web-vera')?.state === 'idle');
      await page.evaluate(async () => {
        const element = document.querySelector('web-vera')!;
        // The note is shown for a few steps only, and a busy browser may draw no frame during them.
        window.requestAnimationFrame = (draw) => window.setTimeout(() => draw(performance.now()));
        await element.load();
        // A learning rate this large makes the adapter's values exceed the allowed range.
        element.teach('Call me Ishmael. Some years ago I went to sea.', { learning_rate: 24_000 }).catch(() => {});
      });
      const note = await page.waitForFunction(
        () =>
          [...(document.querySelector('web-vera')!.shadowRoot?.querySelectorAll('[role=status]') ?? [])]
            .filter((element) => element.checkVisibility())
            .map(({ textContent }) => textContent ?? '')
            .find((text) => text.startsWith('The numbers')),
        { polling: 20 },
      );
      expect(await note.jsonValue()).toBe(
        'The numbers grew beyond bounds, so it learns more slowly now. It went back 3 steps, and goes on by itself.',
      );
      const output = await page.evaluate(() => document.querySelector('web-vera')!.stop());
      expect(output?.global_step ?? 3).toBeLessThanOrEqual(3);
    },
  );
});

testInAll('chromium: a graphics card that gives up while it learns costs nobody anything', async () => {
  await withEmbed(
    'chromium',
    (cdn) => ({ '/page.html': `${tag(cdn)}<web-vera model="${prose(cdn)}" ${small}></web-vera>` }),
    async (page) => {
      await page.waitForFunction(() => document.querySelector('web-vera')?.state === 'idle');
      await page.evaluate(async () => {
        const element = document.querySelector('web-vera')!;
        await element.load();
        const begun = new Promise((resolve) => element.addEventListener('webvera-log', resolve, { once: true }));
        const lesson = 'Call me Ishmael. Some years ago I went to sea.';
        const learnt = element.teach(lesson, { max_steps: 30 }).then(
          ({ global_step }) => `${global_step} steps`,
          (error) => String(error),
        );
        Object.assign(window, { learnt });
        await begun;
      });
      await crashGpu(page);
      const note = await page.waitForFunction(
        () => {
          const notes = document.querySelector('web-vera')!.shadowRoot?.querySelectorAll('[role=status]') ?? [];
          return [...notes].map(({ textContent }) => textContent).find((text) => text?.includes('goes on by itself'));
        },
        { polling: 20 },
      );
      expect(await note.jsonValue()).toMatch(/by itself/);
      expect(await page.evaluate(() => (window as unknown as { learnt: Promise<string> }).learnt)).toBe('30 steps');
      const after = await page.evaluate(async () => {
        const element = document.querySelector('web-vera')!;
        return { state: element.state, error: element.error?.code, text: await element.generate('Call me') };
      });
      expect(after).toEqual({ state: 'ready', error: undefined, text: expect.any(String) });
    },
    { own: true },
  );
});
