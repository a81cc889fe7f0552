import { source } from 'axe-core';
import type { Page } from 'puppeteer-core';
import { expect } from 'vitest';

/** Nothing on the page, nor in its shadow roots, that axe finds fault with; in light and in dark. */
export async function expectAccessible(page: Page): Promise<void> {
  for (const value of ['light', 'dark']) {
    await page.emulateMediaFeatures([
      { name: 'prefers-color-scheme', value },
      { name: 'prefers-reduced-motion', value: 'reduce' }, // no colour is on its way to another
    ]);
    expect(await faults(page)).toEqual([]);
  }
}

async function faults(page: Page): Promise<string[]> {
  const isThere = await page.evaluate(() => 'axe' in window);
  if (!isThere) await page.evaluate(source);
  const { violations } = await page.evaluate(() => (window as unknown as { axe: typeof import('axe-core') }).axe.run());
  return violations.flatMap(({ id, help, nodes }) => nodes.map(({ target }) => `${id}: ${help}: ${target.join(' ')}`));
}
