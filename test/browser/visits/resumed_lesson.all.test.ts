import type { Page } from 'puppeteer-core';
import { expect, test } from 'vitest';
import { builtDemo, click, clickAtOnce, isDisabled, phase, seen, textOf, until, withDemo } from '../demo/demo_page';
import { keptStep, outcomeOf, shownStep, startLongRun, typeText } from '../demo/text_page';
import { crashGpu } from '../helpers/crash';

const { site } = await builtDemo();

test('a run whose page was closed is gone on with later, where it was kept', async () => {
  await withDemo(site, async (page) => {
    await startLongRun(page);
    const kept = await keptStep(page);
    page.on('dialog', (dialog) => void dialog.accept());
    await page.reload();

    await seen(page, '#interrupted');
    const [, stopped] = /^“whale” stopped at step (\d+) of 400\./.exec(await textOf(page, '#interrupted-text')) ?? [];
    expect(Number(stopped)).toBeGreaterThanOrEqual(kept);
    await page.waitForSelector('#go-on:not([disabled])'); // the sample is in its box again
    await typeText(page, 'Another text.');
    expect(await textOf(page, '#interrupted-text')).toMatch(/To go on, choose “A cat’s diary” again\.$/);
    expect(await isDisabled(page, '#go-on')).toBe(true);
    await click(page, '#samples li:first-child button');
    await page.click('#confirm-yes'); // the typed text goes
    await click(page, '#go-on');
    await phase(page, '#train-card', 'running');
    expect(await page.$eval('#interrupted', (block) => (block as HTMLElement).hidden)).toBe(true);
    await until(page, () => /^Step \d+ of 400/.test(document.querySelector('#number-step')?.textContent ?? ''));
    expect(await shownStep(page)).toBeGreaterThanOrEqual(kept);
    await click(page, '#stop');
    expect(await outcomeOf(page)).toMatch(/ \d+ steps in .+ kept in this browser as “whale”\./);

    await page.reload();
    await page.waitForSelector('[data-id="whale"]');
    expect(await page.$eval('#interrupted', (block) => (block as HTMLElement).hidden)).toBe(true);
  });
});

test('a paused run whose graphics card crashed recovers by itself', async () => {
  const body = async (page: Page): Promise<void> => {
    await startLongRun(page);
    const kept = await keptStep(page);
    await clickAtOnce(page, '#pause');
    await phase(page, '#train-card', 'paused');
    await crashGpu(page);
    await until(page, () => /goes on by itself/.test(document.querySelector('#train-status')?.textContent ?? ''));

    await seen(page, '#banner');
    expect(await textOf(page, '#banner')).toMatch(
      /^The graphics card gave up\. The run( went back \d+ steps?, and)? goes on by itself\./,
    );
    await click(page, '#banner button');
    await phase(page, '#train-card', 'paused');
    await click(page, '#stop');
    const [, steps] = / ([\d,]+) steps in .+ kept in this browser as “whale”\./.exec(await outcomeOf(page)) ?? [];
    expect(Number(steps)).toBeGreaterThanOrEqual(kept);
  };
  await withDemo(site, body, { own: true });
});
