import type { Page } from 'puppeteer-core';
import { expect } from 'vitest';
import { type BrowserName, newTab, withBrowser } from '../helpers/harness';
import type { Tab } from '../pages/runs/tabs.js';

const taken = { code: 'locked_by_other_tab', detail: { taken_over: true } };

/** Calls a method of `window.tab` in a tab's page. */
type Call = <Name extends keyof Tab>(
  name: Name,
  ...args: Parameters<Tab[Name]>
) => Promise<Awaited<ReturnType<Tab[Name]>>>;

async function open(page: Page, url: string): Promise<Call> {
  await page.goto(`${url}/pages/runs/tabs.html`);
  await page.waitForFunction(() => 'tab' in window);
  const call = (name: string, ...args: readonly unknown[]): Promise<unknown> =>
    page.evaluate(
      (method, given) => {
        const { tab } = window as unknown as { tab: Record<string, (...args: readonly unknown[]) => unknown> };
        return tab[method]?.(...given);
      },
      name,
      args,
    );
  return call as Call;
}

const close = (page: Page): Promise<void> => page.close();

async function crash(page: Page): Promise<void> {
  page.on('error', () => {});
  const protocol = await page.createCDPSession();
  protocol.send('Page.crash').catch(() => {}); // a crashed page doesn't answer
}

/** Checks that one of several tabs trains, and that it may be any of them: a second tab takes over, hangs, saves, closes, crashes. */
export async function expectOneTrains(name: BrowserName): Promise<void> {
  await withBrowser(name, async (page, url) => {
    const one = await open(page, url);
    const awake = () => expect.poll(() => one('awake'));
    await one('begin', {}, { save_strategy: 'no', keepAwake: true });
    // Headless Firefox has no screen, so it grants no wake lock.
    if (name === 'chromium') await awake().toBe(1);
    const straight = await one('outcome');
    await awake().toBe(0);
    expect(straight).toMatchObject({ files: expect.anything() });
    let otherPage = await newTab(page.browserContext());
    let other = await open(otherPage, url);
    expect(await one('save', 'mine')).toEqual([]);

    // The second tab's run is refused.
    await one('beginPaused', { resume_from_checkpoint: true });
    const owner = await one('owners');
    expect(owner).toHaveLength(1);
    await other('begin', { resume_from_checkpoint: true });
    expect(await other('outcome')).toEqual({ code: 'locked_by_other_tab', detail: {} });
    expect(await other('owners')).toEqual(owner);

    // The second tab takes over the run: the run stops in the first tab, and resumes from there in the second.
    await other('beginPaused', { take_over: true });
    expect(await one('outcome')).toEqual(taken);
    expect(await other('restored')).toBe(await one('step'));
    const newOwner = await one('owners');
    expect(newOwner).toHaveLength(1);
    expect(newOwner).not.toEqual(owner);

    // A tab that hangs loses its run to another tab, and stops the run when it no longer hangs.
    await other('resume');
    other('hang', 4500);
    await one('beginPaused', { take_over: true });
    expect(await other('outcome')).toEqual(taken);
    expect(await one('owners')).toHaveLength(1);

    // When two tabs save under the same id, each save that overwrites the other tab's adapter gives a warning.
    expect(await other('save', 'mine')).toEqual(['overwritten']);
    expect(await one('save', 'mine')).toEqual(['overwritten']);

    // When a tab closes or crashes, its lock is released.
    for (const end of name === 'chromium' ? [close, crash] : [close]) {
      await other('beginPaused', { take_over: true });
      expect(await one('outcome')).toEqual(taken);
      const reached = await other('step');
      await end(otherPage);
      await one('free');
      await one('beginPaused', { resume_from_checkpoint: true });
      expect(await one('restored')).toBe(reached);
      if (end === crash || name !== 'chromium') break;
      otherPage = await newTab(page.browserContext());
      other = await open(otherPage, url);
    }
    // A tab that was frozen and still holds the lock continues its run.
    await one('freeze');
    await one('resume');
    expect(await one('outcome')).toEqual(straight);
    expect(await one('owners')).toEqual([]);
  });
}
