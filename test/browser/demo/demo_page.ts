import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Page } from 'puppeteer-core';
import { build } from 'vite';
import { expect } from 'vitest';
import type { Mount } from '../../../scripts/browsers/serve.mjs';
import { isDemoFresh } from '../../../scripts/build/build_if_stale.mjs';
import { onExit, remove } from '../../../scripts/shared/processes.mjs';
import { type BrowserName, withBrowser } from '../helpers/harness';

export interface DemoOptions {
  /** The page's file; index.html by default. */
  readonly path?: string;
  /** Runs in the page before its own scripts. */
  readonly before?: () => void;
  /** More files to serve. The keys are paths in the demo. */
  readonly files?: Readonly<Record<string, Mount>>;
  /** Headers that replace the server's own. */
  readonly headers?: Readonly<Record<string, string>>;
  /** Whether the page gets a browser of its own. */
  readonly own?: boolean;
  /** Default: 'chromium'. */
  readonly browser?: BrowserName;
}

/** The built demo, and a folder that is deleted at the end. */
let built: Promise<{ readonly folder: string; readonly site: string }> | undefined;

export function builtDemo(): Promise<{ readonly folder: string; readonly site: string }> {
  built ??= buildDemo();
  return built;
}

async function buildDemo(): Promise<{ readonly folder: string; readonly site: string }> {
  const folder = mkdtempSync(join(tmpdir(), 'webvera-demo-'));
  onExit(() => remove(folder));
  const demo = new URL('../../../demo/', import.meta.url);
  // `npm test` has built it. If not, each process builds its own, because several may run.
  if (isDemoFresh()) return { folder, site: fileURLToPath(new URL('dist', demo)) };
  const site = join(folder, 'site');
  const configFile = fileURLToPath(new URL('vite.config.ts', demo));
  await build({ configFile, logLevel: 'error', build: { outDir: site } });
  return { folder, site };
}

/** Opens a built demo. A violation of its Content Security Policy fails the test. */
export async function withDemo(
  site: string,
  body: (page: Page) => Promise<void>,
  { path = '', before = () => {}, files = {}, headers = {}, own = false, browser = 'chromium' }: DemoOptions = {},
): Promise<void> {
  const breaches: string[] = [];
  const inDemo = Object.fromEntries(Object.entries(files).map(([file, mount]) => [`/demo/${file}`, mount]));
  await withBrowser(
    browser,
    async (page, url) => {
      page.on('console', (message) => {
        if (/Content Security Policy|TrustedScript/.test(message.text())) breaches.push(message.text());
      });
      await page.setViewport({ width: 1280, height: 900 });
      await page.evaluateOnNewDocument(before);
      await page.goto(`${url}/demo/${path}`);
      await body(page);
    },
    { mounts: { '/demo/': site, ...inDemo }, headers, own },
  );
  expect(breaches).toEqual([]);
}

/**
 * Clicks an element once it is enabled and nothing covers it. The click is made inside the page, because layout may shift between a
 * measurement from the test and a mouse click.
 */
export async function click(page: Page, selector: string): Promise<void> {
  const enabled = await page.waitForSelector(`${selector}:not([disabled], [hidden])`);
  const clicked = (element: Element): boolean => {
    element.scrollIntoView({ block: 'nearest' });
    const { x, y, width, height } = element.getBoundingClientRect();
    if (!element.contains(document.elementFromPoint(x + width / 2, y + height / 2))) return false;
    (element as HTMLElement).focus();
    (element as HTMLElement).click();
    return true;
  };
  await expect.poll(() => enabled?.evaluate(clicked)).toBe(true);
}

/** Clicks an element as soon as it is enabled, without waiting for a frame, because it may soon disappear. */
export async function clickAtOnce(page: Page, selector: string): Promise<void> {
  const clicked = (where: string): boolean => {
    const button = document.querySelector<HTMLElement>(where);
    button?.click();
    return button !== null;
  };
  await page.waitForFunction(clicked, { polling: 'mutation' }, `${selector}:not([disabled], [hidden])`);
}

export async function fill(page: Page, values: Readonly<Record<string, string>>): Promise<void> {
  for (const [id, value] of Object.entries(values)) await retype(page, `#${id}`, value);
}

/** Replaces a field's value once the field is enabled. Selects the old value without the mouse, because layout may shift during a click. */
export async function retype(page: Page, selector: string, value: string): Promise<void> {
  const field = await page.waitForSelector(`:is(input, textarea):is(${selector}):not([disabled])`);
  await field?.evaluate((element) => {
    const input = element as HTMLInputElement | HTMLTextAreaElement;
    input.focus();
    input.select();
  });
  await page.keyboard.type(value);
}

export async function seen(page: Page, selector: string): Promise<void> {
  await page.waitForSelector(`${selector}:not([hidden])`);
}

/** Waits until a card (a section of the page) is in this phase, such as `running`. Fails at once if the page reports an error. */
export async function phase(page: Page, card: string, wanted: string): Promise<void> {
  const found = await page.waitForFunction(
    (selector, name) => {
      const banner = document.querySelector('#banner:not([hidden])');
      if (banner !== null) return banner.textContent;
      return document.querySelector<HTMLElement>(selector)?.dataset.phase === name ? name : undefined;
    },
    { polling: 20 },
    card,
    wanted,
  );
  expect(await found.jsonValue()).toBe(wanted);
}

/** Waits until `holds` returns true. Polls by a timer, because frames are rare while the software GPU computes. */
export async function until(page: Page, holds: () => boolean): Promise<void> {
  await page.waitForFunction(holds, { polling: 20 });
}

export async function textOf(page: Page, selector: string): Promise<string> {
  return page.$eval(selector, (element) => element.textContent?.replace(/\s+/g, ' ').trim() ?? '');
}

export async function isDisabled(page: Page, selector: string): Promise<boolean> {
  return page.$eval(selector, (element) => (element as HTMLButtonElement).disabled);
}
