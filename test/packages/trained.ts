import type { Page } from 'puppeteer-core';
import { expect } from 'vitest';
import { type BrowserName, withPage } from '../browser/helpers/harness';

/** What is asked for, and may be missing: of models, only those that follow instructions have a chat template. */
const OPTIONAL = ['/favicon.ico', '/chat_template.jinja', '/modules.json'];

/** Opens a project's page, waits until it has trained, and checks what it shows. `begin` does what its visitor must do. */
export async function trainInPage(
  name: BrowserName,
  url: string,
  begin: (page: Page) => Promise<void> = async () => {},
): Promise<void> {
  const missing: string[] = [];
  const text = await withPage(name, url, async ({ page }) => {
    page.on('response', (response) => {
      if (response.status() >= 400) missing.push(new URL(response.url()).pathname);
    });
    await page.goto(url);
    await begin(page);
    await page.waitForFunction(() => /kept \d+ bytes/.test(document.body.textContent ?? ''), { timeout: 120_000 });
    return page.evaluate(() => document.body.textContent ?? '');
  });
  expectTrained(text);
  expect(missing.filter((path) => !OPTIONAL.some((name) => path.endsWith(name)))).toEqual([]);
}

/** Of what a project says once it has trained. */
export function expectTrained(text: string): void {
  const losses = [...text.matchAll(/step (\d): loss (\d+\.\d+)/g)].map(([, step, loss]) => [
    Number(step),
    Number(loss),
  ]);
  expect(losses.map(([step]) => step)).toEqual([1, 2, 3, 4]);
  for (const [, loss] of losses) expect(loss).toBeLessThan(6);
  expect(text).toMatch(/kept \d{4,} bytes/);
}
