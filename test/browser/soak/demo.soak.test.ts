import type { Page } from 'puppeteer-core';
import { expect, test } from 'vitest';
import { told, withoutRefining } from '../demo/classes_page';
import { builtDemo, click, phase, seen, textOf, until, withDemo } from '../demo/demo_page';
import { keptStep, outcomeOf, startLongRun } from '../demo/text_page';
import { crashGpu } from '../helpers/crash';

const { site } = await builtDemo();

test('a page that is reloaded while it refines has what it had learnt', () =>
  withDemo(
    site,
    async (page) => {
      await withoutRefining(page);
      await told(page);
      const before = await textOf(page, '#told');
      await click(page, '#refine');
      await phase(page, '#train-card', 'running');
      await page.reload();
      await seen(page, '#device');
      await told(page);
      expect(await textOf(page, '#told')).toBe(before);
      expect(await textOf(page, '#messages-count')).toBe('80 messages');
      await withoutRefining(page);
      await click(page, '#refine');
      await phase(page, '#train-card', 'running');
    },
    { path: 'classify.html' },
  ));

test('a run whose graphics card crashed recovers by itself', async () => {
  const body = async (page: Page): Promise<void> => {
    await startLongRun(page);
    const kept = await keptStep(page);
    await crashGpu(page);
    await until(page, () => /goes on by itself/.test(document.querySelector('#train-status')?.textContent ?? ''));

    await seen(page, '#banner');
    expect(await textOf(page, '#banner')).toMatch(
      /^The graphics card gave up\. The run( went back \d+ steps?, and)? goes on by itself\./,
    );
    await click(page, '#banner button');
    await phase(page, '#train-card', 'running');
    await click(page, '#stop');
    const [, steps] = / ([\d,]+) steps in .+ kept in this browser as “whale”\./.exec(await outcomeOf(page)) ?? [];
    expect(Number(steps)).toBeGreaterThanOrEqual(kept);
  };
  await withDemo(site, body, { own: true });
});
