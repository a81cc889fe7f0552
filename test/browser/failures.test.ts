import type { Page } from 'puppeteer-core';
import { expect, test } from 'vitest';
import { browserNames, reporting, reportOf, withBrowser } from './harness';

interface Failure {
  readonly name: string;
  readonly code?: string;
  readonly seconds: number;
}

interface Killed {
  readonly first: string;
  readonly failures: Readonly<Record<string, Failure>>;
  readonly later: Failure;
  readonly states: readonly string[];
  readonly text: string;
}

interface Uncaught extends Failure {
  readonly message: string;
  readonly hint: string;
  readonly text: string;
  readonly stack: string;
}

interface Blind extends Failure {
  readonly state: string;
  readonly stored: number;
}

interface Here {
  readonly trained: { readonly global_step: number; readonly training_loss: number };
  readonly here: Blind;
  readonly worker: Blind;
}

test.each(browserNames)('%s: a worker killed while it trains, no worker, and no WebGPU', async (name) => {
  const [killed, here] = await withBrowser(name, async (page, url) => {
    const report = await reporting(page);
    return [await report<Killed>(`${url}/pages/killed.html`), await report<Here>(`${url}/pages/here.html`)] as const;
  });

  expect(killed.first).toBe('log');
  expect(Object.keys(killed.failures)).toEqual(['train', 'events', 'generate', 'forward', 'list', 'pause']);
  for (const failure of [...Object.values(killed.failures), killed.later]) {
    expect(failure).toMatchObject({ name: 'WebVeraError', code: 'worker_crashed' });
    expect(failure.seconds).toBeLessThan(5);
  }
  expect(killed.states).toEqual(['closed']);
  expect(killed.text).toMatch(/\w/);

  expect(here.trained.global_step).toBe(1);
  expect(here.trained.training_loss).toBeGreaterThan(3);
  expect(here.trained.training_loss).toBeLessThan(5.5);
  for (const blind of [here.here, here.worker]) {
    expect(blind).toMatchObject({ name: 'WebVeraError', code: 'unsupported_device', state: 'ready', stored: 0 });
  }
});

test.each(browserNames)('%s: what is printed of an error that nobody catches tells the hint', async (name) => {
  const { printed, ...seen } = await withBrowser(
    name,
    async (page, url) => {
      const printed = name === 'chromium' ? await nextUncaught(page) : undefined;
      const reported = await reportOf<Uncaught>(page, `${url}/pages/uncaught.html`);
      return { ...reported, printed: await printed?.text };
    },
    { expectedErrors: /there is no such file/ },
  );
  const { message, hint, text, stack } = seen;
  expect(message).toMatch(/^Expected tokenizer\.json in .*, but there is no such file$/);
  expect(hint).toMatch(/folder/);
  expect(text).toBe(`WebVeraError: ${message}\nHint: ${hint}`);
  const lines = stack.split('\n');
  // Firefox's console shows the message and what has the form of frames, but shows it to nobody else.
  if (name === 'firefox') expect(lines[0]).toContain(`Hint: ${hint}@http://127.0.0.1:`);
  else expect([lines[0], lines.at(-1)]).toEqual([`WebVeraError: ${message}`, `Hint: ${hint}`]);
  if (name === 'chromium') expect(printed).toBe(stack);
});

/** What Chromium's console will print of the next error that nobody catches. */
async function nextUncaught(page: Page): Promise<{ readonly text: Promise<string | undefined> }> {
  const console = await page.createCDPSession();
  await console.send('Runtime.enable');
  const text = new Promise<string | undefined>((resolve) => {
    console.on('Runtime.exceptionThrown', ({ exceptionDetails }) => resolve(exceptionDetails.exception?.description));
  });
  return { text };
}
