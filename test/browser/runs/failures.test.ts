import type { Page } from 'puppeteer-core';
import { expect, inject, test } from 'vitest';
import { expectWithin } from '../../helpers/clock';
import { browserNames, reportOf, withBrowser } from '../helpers/harness';

interface Failure {
  readonly name: string;
  readonly code?: string;
  readonly seconds: number;
}

interface Outcome {
  readonly global_step: number;
  readonly losses: readonly number[];
  readonly files: object;
  readonly text: string;
  readonly recovered?: { readonly cause: string; readonly from: number; readonly repeatedSteps: number };
  /** Failures of the calls that were pending when the worker died. */
  readonly failures: Readonly<Record<string, Failure>>;
  readonly told: readonly string[];
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

/**
 * The ways in which workers die, each with the set of tests (ring) that runs it. In Chromium, `npm test` runs one way, and the
 * tests about time (`clock`) in `npm run test:all` run another.
 */
const deaths = [
  { name: 'chromium', ways: ['terminated'], ring: 'test' },
  { name: 'chromium', ways: ['stuck'], ring: 'clock' },
  { name: 'chromium', ways: ['closed'], ring: 'soak' },
  { name: 'firefox', ways: ['terminated', 'closed', 'stuck'], ring: 'soak' },
] as const;
const browsersOfTest = inject('ring') === 'test' ? browserNames : [];

test.each(deaths.filter(({ ring }) => ring === inject('ring')))(
  '$name: a worker that dies while it trains costs nothing but time ($ways)',
  async ({ name, ways }) => {
    const { 'left alone': straight, ...others } = await withBrowser(name, (page, url) =>
      reportOf<Record<string, Outcome>>(page, `${url}/pages/runs/killed.html?${ways}`),
    );
    expect(straight).toMatchObject({ global_step: 16, text: expect.stringMatching(/\w/) });
    expect(straight?.recovered).toBeUndefined();
    expect(Object.keys(others)).toEqual(ways);
    for (const { recovered, failures, told, ...outcome } of Object.values(others)) {
      const { recovered: _, failures: none, told: nothing, ...undisturbed } = straight as Outcome;
      expect(outcome).toEqual(undisturbed);
      expect(recovered).toMatchObject({ cause: 'worker_crashed' });
      expect(recovered?.from).toBeGreaterThanOrEqual(4);
      expect(recovered?.repeatedSteps).toBeLessThanOrEqual(4);
      expect(Object.keys(failures)).toEqual(['generate', 'forward', 'list']);
      for (const failure of Object.values(failures)) {
        expect(failure).toMatchObject({ name: 'WebVeraError', code: 'worker_crashed' });
        expectWithin(5000, 1000 * failure.seconds);
      }
      expect(told.filter((what) => what === 'worker_crashed')).toHaveLength(1);
      expect(told).toContain('recovering');
    }
  },
);

test.each(browsersOfTest)('%s: no worker, and no WebGPU', async (name) => {
  const here = await withBrowser(name, (page, url) => reportOf<Here>(page, `${url}/pages/models/here.html`));
  expect(here.trained.global_step).toBe(1);
  expect(here.trained.training_loss).toBeGreaterThan(3);
  expect(here.trained.training_loss).toBeLessThan(5.5);
  for (const blind of [here.here, here.worker]) {
    expect(blind).toMatchObject({ name: 'WebVeraError', code: 'unsupported_device', state: 'ready', stored: 0 });
  }
});

test.each(browsersOfTest)('%s: the printed text of an uncaught error contains the hint', async (name) => {
  const { printed, ...seen } = await withBrowser(
    name,
    async (page, url) => {
      const printed = name === 'chromium' ? await nextUncaught(page) : undefined;
      const reported = await reportOf<Uncaught>(page, `${url}/pages/models/uncaught.html`);
      return { ...reported, printed: await printed?.text };
    },
    { expectedErrors: /there is no such file/ },
  );
  const { message, hint, text, stack } = seen;
  expect(message).toMatch(/^Expected tokenizer\.json in .*, but there is no such file$/);
  expect(hint).toMatch(/folder/);
  expect(text).toBe(`WebVeraError: ${message}\nHint: ${hint}`);
  const lines = stack.split('\n');
  // In Firefox the stack begins with the hint in the form of a stack frame: besides the message, its console shows only such
  // lines. No test can read that console.
  if (name === 'firefox') expect(lines[0]).toContain(`Hint: ${hint}@http://127.0.0.1:`);
  else expect([lines[0], lines.at(-1)]).toEqual([`WebVeraError: ${message}`, `Hint: ${hint}`]);
  if (name === 'chromium') expect(printed).toBe(stack);
});

/** Returns a promise of the text that Chromium's console shows for the next uncaught error. */
async function nextUncaught(page: Page): Promise<{ readonly text: Promise<string | undefined> }> {
  const console = await page.createCDPSession();
  await console.send('Runtime.enable');
  const text = new Promise<string | undefined>((resolve) => {
    console.on('Runtime.exceptionThrown', ({ exceptionDetails }) => resolve(exceptionDetails.exception?.description));
  });
  return { text };
}
