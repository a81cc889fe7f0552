import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { ofRing } from '../../helpers/ring';
import { browserNames, newTab } from '../helpers/harness';
import { prose, small, tag, withEmbed } from './embed_page';

const text = readFileSync(new URL('../../../demo/public/text/moby-dick.txt', import.meta.url), 'utf8').slice(
  30_000,
  31_500,
);

test.each(ofRing(browserNames, { test: (name) => name === 'chromium' }))(
  '%s: a page of another origin loads, teaches, writes, resumes and forgets',
  async (name) => {
    await withEmbed(
      name,
      (cdn) => ({
        '/page.html': `${tag(cdn)}
        <web-vera id="one" model="${prose(cdn)}" ${small}></web-vera>
        <web-vera id="two" model="${prose(cdn)}" profile="two" headless ${small}></web-vera>`,
        '/changed.html': `${tag(cdn, '/changed/')}<web-vera id="one" model="${prose(cdn)}" ${small}></web-vera>`,
      }),
      async (page, cdn) => {
        const asked = (path: string): number => cdn.requests.filter((request) => request.endsWith(path)).length;
        await page.waitForFunction(() => document.querySelector('web-vera')?.state === 'idle');
        expect(cdn.requests).toEqual(['/v1/embed.js']); // no other request before the visitor agrees

        const first = await page.evaluate(async (lesson) => {
          const [one, two] = document.querySelectorAll('web-vera');
          const heard: string[] = [];
          for (const type of ['progress', 'ready', 'log', 'learnt', 'token', 'error', 'statechange']) {
            document.addEventListener(`webvera-${type}`, ({ target }) =>
              heard.push(`${(target as Element).id} ${type}`),
            );
          }
          await Promise.all([one!.load(), two!.load()]);
          const isShared = one!.session === two!.session && one!.model === two!.model;
          const output = await one!.teach(lesson);
          const written = await one!.generate('It was the whale', { max_new_tokens: 4 });
          document.querySelector('main')!.prepend(one!); // moved, not removed
          await Promise.resolve();
          const padding = (): string => getComputedStyle(one!.shadowRoot!.querySelector('section')!).paddingLeft;
          const looks = [padding()];
          // Moves the element into another document and back. The other document drops the element's styles.
          const frame = document.createElement('iframe');
          const framed = new Promise((resolve) => frame.addEventListener('load', resolve));
          document.body.append(frame);
          await framed;
          for (const place of [frame.contentDocument!.body, document.querySelector('main')!]) {
            place.prepend(one!);
            looks.push(padding());
          }
          frame.remove();
          const state = one!.state;
          return {
            heard,
            isShared,
            output,
            written,
            state,
            looks,
            info: one!.profile!.info,
            other: two!.profile!.info,
          };
        }, text);
        expect(first.isShared).toBe(true);
        for (const file of ['/worker.js', '/model.safetensors', '/tokenizer.json']) expect(asked(file)).toBe(1);
        expect(first.output.global_step).toBe(3);
        expect(first.state).toBe('ready');
        expect(first.looks).toEqual([expect.stringMatching(/^2\dpx$/), '20px', first.looks[0]]);
        expect(first.info).toMatchObject({ id: 'default', history: [{ steps: 3 }] });
        expect(first.info.examples).toBeGreaterThan(10);
        expect(first.other).toMatchObject({ id: 'two', examples: 0, history: [] });
        expect(first.heard.filter((event) => event === 'one log')).toHaveLength(3);
        expect(first.heard.filter((event) => event === 'one token')).toHaveLength(4);
        for (const each of [
          'one progress',
          'two progress',
          'one ready',
          'two ready',
          'one learnt',
          'one statechange',
        ]) {
          expect(first.heard).toContain(each);
        }
        expect(first.heard).not.toContain('one error');
        expect(first.heard).not.toContain('two log');

        // The page is reloaded during this run.
        await page.evaluate(async () => {
          const one = document.querySelector('web-vera')!;
          one.teach('Call me Ishmael.', { max_steps: 500, save_steps: 2 }).catch(() => {});
          await new Promise<void>((resolve) => one.addEventListener('webvera-log', () => resolve(), { once: true }));
          for await (const event of one.profile!.learning!) if (event.type === 'save') break;
        });
        await page.reload();
        const second = await page.evaluate(async () => {
          const one = document.querySelector('web-vera')!;
          await one.load();
          const state = one.state;
          await new Promise<void>((resolve) => one.addEventListener('webvera-log', () => resolve(), { once: true }));
          const written = await one.generate('It was the whale', { max_new_tokens: 4 });
          const output = await one.stop();
          return {
            state,
            written,
            output,
            info: one.profile!.info,
            count: (await window.WebVera.Profile.list()).length,
          };
        });
        expect(second.state).toBe('training');
        expect(second.written).toBe(first.written); // the model changes only when a run ends
        expect(second.output!.global_step).toBeGreaterThan(2);
        expect(second.info).toMatchObject({ examples: first.info.examples + 1, history: [{ steps: 3 }, {}] });
        expect(second.count).toBe(2);

        // The attributes no longer match the stored profile.
        const other = await page.evaluate(async () => {
          const one = document.querySelector('web-vera')!;
          const files = await one.export();
          one.setAttribute('r', '8');
          const failure = await one.load().catch((error: { code: string; message: string }) => error);
          const { code, message } = failure as { code: string; message: string };
          await new Promise(requestAnimationFrame);
          const offered = [...one.shadowRoot!.querySelectorAll('button')].filter((button) => button.checkVisibility());
          const said = offered.map(({ textContent }) => textContent);
          one.setAttribute('r', '4');
          await one.import(files);
          return { code, message, said, names: [...files.keys()].sort(), info: one.profile!.info, state: one.state };
        });
        expect(other).toMatchObject({
          code: 'invalid_argument',
          said: ['Try again', 'Forget everything…'],
          state: 'ready',
        });
        expect(other.message).toContain('peft_config.r');
        const names = ['adapter_config.json', 'adapter_model.safetensors', 'examples.jsonl', 'profile.json'];
        expect(other.names).toEqual(names);
        expect(other.info.examples).toBe(second.info.examples);
        expect(other.info.history).toEqual(second.info.history);

        // Another tab deletes the profile without loading a model.
        const tab = await newTab(page.browserContext());
        await tab.goto(page.url());
        const count = asked('/model.safetensors');
        const gone = await tab.evaluate(() => document.querySelector('web-vera')!.forget());
        expect(gone.bytes).toBeGreaterThan(1000);
        expect(asked('/model.safetensors')).toBe(count);
        await tab.close();
        await page.bringToFront(); // hidden pages draw no frames
        await page.waitForFunction(
          () => /forgotten in another tab/.test(document.querySelector('web-vera')!.shadowRoot!.textContent ?? ''),
          { polling: 50 },
        );

        const last = await page.evaluate(async () => {
          const keysOf = async (name: string): Promise<IDBValidKey[]> => {
            const opening = indexedDB.open(name);
            await new Promise((resolve) => opening.addEventListener('success', resolve));
            const { result: database } = opening;
            const asking = database.transaction('values').objectStore('values').getAllKeys();
            await new Promise((resolve) => asking.addEventListener('success', resolve));
            database.close();
            return asking.result;
          };
          const [one, two] = document.querySelectorAll('web-vera');
          const before = [one!.state, one!.profile === undefined];
          const written = await one!.generate('It was the whale', { max_new_tokens: 1 });
          const { examples } = one!.profile!.info;
          await one!.forget();
          await two!.forget(); // the second element is not loaded
          const left = [
            ...(await window.WebVera.Profile.list()),
            ...(await keysOf('webvera')),
            ...(await caches.keys()),
          ];
          const { model } = one!;
          one!.remove();
          const untilFreed = async (): Promise<never> => {
            for (;;) await model!.forward({ input_ids: [[1]] });
          };
          const failure = await untilFreed().catch(({ code }: { code: string }) => code);
          return { before, written, examples, left, failure, states: [one!.state, two!.state] };
        });
        expect(last).toMatchObject({ before: ['ready', true], examples: 0, left: [], failure: 'invalid_argument' });
        expect(last.states).toEqual(['idle', 'idle']);

        // The script on the server is unchanged, but its worker's file has changed.
        await page.goto(new URL('/changed.html', page.url()).href);
        const refused = await page.evaluate(async () => {
          const one = document.querySelector('web-vera')!;
          const failure = await one
            .load()
            .catch(({ code, message }: { code: string; message: string }) => ({ code, message }));
          return { failure, state: one.state, error: one.error!.code };
        });
        expect(refused).toMatchObject({ state: 'error', error: 'integrity_mismatch' });
        expect(refused.failure).toMatchObject({ message: expect.stringContaining(`${cdn.url}/changed/worker.js`) });
      },
      {
        mounts: {
          '/changed/embed.js': { type: 'text/javascript', body: readFileSync('dist/embed.js') },
          '/changed/worker.js': { type: 'text/javascript', body: `${readFileSync('dist/worker.js', 'utf8')} ` },
        },
        expectedErrors: /^None of the “sha384” hashes in the integrity attribute match/, // as Firefox reports a refusal
      },
    );
  },
);
