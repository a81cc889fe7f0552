import type { Page } from 'puppeteer-core';
import { expect } from 'vitest';
import type { BenchReport } from '../../../bench/report/bench_report.mjs';
import { VERSION } from '../../../src/core/version';
import { testInAll, testOnce } from '../../helpers/ring';
import { builtDemo, click, clickAtOnce, fill, isDisabled, phase, seen, textOf, until, withDemo } from './demo_page';

const { site } = await builtDemo();

const withBench = (body: (page: Page) => Promise<void>, before: () => void = () => {}) =>
  withDemo(site, body, { path: 'bench.html', before });

testInAll(
  'a visitor comes from the demo, cancels, measures the tiny model, and copies what the command would print',
  async () => {
    const before = () => {
      const clipboard = { writeText: async (text: string) => void Object.assign(globalThis, { copied: text }) };
      Object.defineProperty(Navigator.prototype, 'clipboard', { configurable: true, get: () => clipboard });
    };
    await withDemo(
      site,
      async (page) => {
        await Promise.all([page.waitForNavigation(), page.click('nav [href="./bench.html"]')]);
        await page.waitForSelector('#start:not([disabled])');
        expect(await textOf(page, 'h1')).toBe('How fast does this device train?');
        // The default case if the GPU adapter is in software.
        expect(await page.$eval('#case', (select) => (select as HTMLSelectElement).value)).toBe('tiny');
        expect(await page.$eval('#length', (select) => (select as HTMLSelectElement).value)).toBe('64');
        expect(await isDisabled(page, '#copy')).toBe(true);
        await fill(page, { rounds: '0' });
        await click(page, '#start');
        expect(await textOf(page, '#rounds-note')).toBe('A whole number from 1 to 50.');
        await fill(page, { rounds: '1' });
        await cancelEarly(page);

        await click(page, '#start');
        await until(page, () =>
          /^3 of 4: the kernels of a step, \d+ of/.test(document.querySelector('#run-status')?.textContent ?? ''),
        );
        await phase(page, '#run-card', 'idle');
        expect(await textOf(page, '#run-status')).toBe('Done. The result is below.');
        expect(await page.$('#run-bar[hidden]')).not.toBeNull();
        const kernels = await page.$$eval('#kernel-rows th', (cells) => cells.map((cell) => cell.textContent));
        expect(kernels).toEqual(expect.arrayContaining(['linear', 'attention', 'cross_entropy', 'adamw']));
        expect(await page.$$eval('#speeds .bar', (bars) => bars.length)).toBe(13);
        expect(await textOf(page, '#roofline')).toMatch(
          /arithmetic [\d.]+ ms, bytes [\d.]+ ms\. It takes [\d.,]+ ms\.$/,
        );

        await page.focus('#copy');
        await page.keyboard.press('Enter');
        await until(page, () => document.querySelector('#copy-status')?.textContent === 'Copied.');
        const copied = await page.evaluate(() => (globalThis as { copied?: string }).copied ?? '');
        const report = JSON.parse(copied) as BenchReport;
        expect(report).toMatchObject({
          webvera: VERSION,
          case: 'tiny',
          engine: await page.evaluate(() => navigator.userAgent),
          device: { architecture: 'swiftshader' },
          shape: { length: 64, batch: 4, hidden_size: 64 },
          kernels: [{ r: 64, dispatches: expect.any(Number) }],
        });
        const [step] = report.kernels ?? [];
        expect(step?.kernels.map(({ kernel }) => kernel)).toEqual(kernels);
        expect(step?.roofline?.arithmetic_ms).toBeCloseTo(
          (1000 * (step?.flops ?? 0)) / (report.peak?.flops_per_second ?? 0),
          6,
        );
        expect(step?.gemm).toMatchObject({ kernel: 'linear', sizes: [1024, 768, 768], share_of_best_gemm: 1 });
        expect(step?.share_of_peak).toBeGreaterThan(0);
        expect(step?.share_of_peak).toBeLessThan(1);

        // If the browser refuses the clipboard, the page shows the text.
        await page.evaluate(
          () => void Object.defineProperty(Navigator.prototype, 'clipboard', { get: () => undefined }),
        );
        await page.keyboard.press('Enter');
        await seen(page, '#json-field');
        expect(await textOf(page, '#copy-status')).toContain('copy the text below');
        expect(await page.evaluate(() => getSelection()?.toString())).toBe(copied);

        await Promise.all([page.waitForNavigation(), page.click('nav [href="./"]')]);
        await seen(page, '#write');
      },
      { before },
    );
  },
);

/** Cancels a measurement, which then ends at once, and keeps nothing. */
async function cancelEarly(page: Page): Promise<void> {
  await click(page, '#start');
  await until(page, () => /the best GEMM, \d+/.test(document.querySelector('#run-status')?.textContent ?? ''));
  const began = performance.now();
  await clickAtOnce(page, '#cancel');
  await phase(page, '#run-card', 'idle');
  expect(performance.now() - began).toBeLessThan(5000);
  expect(await textOf(page, '#run-status')).toBe('The measurement ended early.');
  expect(await isDisabled(page, '#copy')).toBe(true);
  await expect.poll(() => page.workers().length, { timeout: 10_000 }).toBe(0);
}

testOnce('without WebGPU the page says so and what to do', async () => {
  const none = () => Object.defineProperty(Navigator.prototype, 'gpu', { get: () => undefined });
  await withBench(async (page) => {
    await seen(page, '#unsupported');
    expect(await textOf(page, '#unsupported-reason')).toContain('no WebGPU');
    expect(await isDisabled(page, '#start')).toBe(true);
  }, none);
});

testOnce('what goes wrong in the worker is told as everything is', async () => {
  // The page finds a GPU adapter, but its worker can't load the model, because the test changes the page's base URL.
  await withBench(async (page) => {
    await page.waitForSelector('#start:not([disabled])');
    await page.select('#case', 'bundled');
    await page.evaluate(() => void Object.defineProperty(document, 'baseURI', { value: `${location.href}/../gone/` }));
    await click(page, '#start');
    await seen(page, '#banner');
    expect(await textOf(page, '#banner p')).toContain('The bundled model could not be loaded (404).');
    await seen(page, '#start');
    expect(await isDisabled(page, '#copy')).toBe(true);
  });
});
