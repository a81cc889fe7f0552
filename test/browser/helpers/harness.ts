import { existsSync, readdirSync } from 'node:fs';
import type { IncomingMessage } from 'node:http';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { BrowserContext, Page } from 'puppeteer-core';
import type { BrowserKind } from '../../../scripts/browsers/find_browser.mjs';
import {
  ATTEMPTS,
  gotoReporting,
  newPage,
  type OpenBrowser,
  type OpenPage,
  openBrowser,
  openPage,
  PATIENCE,
} from '../../../scripts/browsers/launch.mjs';
import { type Mount, scriptPage, serve } from '../../../scripts/browsers/serve.mjs';
import { spending } from '../../times/spent';
import { note } from './trail';

/** `chromium` runs on SwiftShader; `firefox` on its default adapter, which is Mesa's llvmpipe without a GPU. */
export type BrowserName = 'chromium' | 'firefox';
export const browserNames: readonly BrowserName[] = ['chromium', 'firefox'];

const folder = (path: string): string => fileURLToPath(new URL(path, import.meta.url));

const pages = folder('../pages/');

/** A page for each script below `pages/` that has no page of its own, such as `runs/tabs.html` for `runs/tabs.js`. */
const pagesOfScripts = readdirSync(pages, { recursive: true, encoding: 'utf8' })
  .filter((file) => file.endsWith('.js') && !existsSync(join(pages, file.replace(/js$/, 'html'))))
  .map((file) => [`/pages/${file.replace(/js$/, 'html')}`, scriptPage(`./${basename(file)}`)] as const);

/** The files that the pages of `pages/` can load. `/dist/` is the output of `npm run build`. */
const mounts: Readonly<Record<string, Mount>> = {
  '/pages/': pages,
  ...Object.fromEntries(pagesOfScripts),
  '/dist/': folder('../../../dist/'),
  '/scripts/page/': folder('../../../scripts/page/'),
  '/golden/': folder('../../golden/'),
  '/models/': folder('../../../demo/public/models/'),
  '/text/': folder('../../../demo/public/text/'),
};

export interface HarnessOptions {
  /** More files, or replacements of the default ones. */
  readonly mounts?: Readonly<Record<string, Mount>>;
  /** Headers of every response; an empty value removes one of the server's default headers. */
  readonly headers?: Readonly<Record<string, string>>;
  /** Matches the messages of uncaught errors that the test expects. */
  readonly expectedErrors?: RegExp;
  /** Whether the page gets its own browser, for tests that kill or change the browser. Default: false. */
  readonly own?: boolean;
  /** Receives every request to the server. */
  readonly onRequest?: (request: IncomingMessage) => void;
}

/**
 * Starts a server with a new origin, opens an empty page, and runs `body` with both. The body begins with
 * `page.goto(url + '/pages/….html')`. An uncaught error in the page fails the body, unless it is expected.
 */
export async function withBrowser<T>(
  name: BrowserName,
  body: (page: Page, url: string) => Promise<T>,
  options: HarnessOptions = {},
): Promise<T> {
  return withSite((url) => withPage(name, url, ({ page }) => body(page, url), options), options);
}

/** Starts a server and runs `body` with its URL. All pages that `body` opens there have the same origin. */
export async function withSite<T>(body: (url: string) => Promise<T>, options: HarnessOptions = {}): Promise<T> {
  const { mounts: extra, headers, onRequest } = options;
  const server = await serve(
    { ...mounts, ...extra },
    {
      ...(headers && { headers }),
      onRequest: (request) => {
        note(`request ${request.url}`);
        onRequest?.(request);
      },
    },
  );
  try {
    return await body(server.url);
  } finally {
    await server.close();
  }
}

export interface PageOptions extends Pick<HarnessOptions, 'expectedErrors' | 'own'> {
  /** A folder for the browser's profile. It remains when the browser is closed. Default: the shared browser's profile. */
  readonly profile?: string;
}

type Opened = Pick<OpenPage, 'page' | 'kill'>;

/** Opens a page in a browser, on the site at `url`, and runs `body` with the page. */
export async function withPage<T>(
  name: BrowserName,
  url: string,
  body: (opened: Opened) => Promise<T>,
  { expectedErrors, own = false, profile }: PageOptions = {},
): Promise<T> {
  const isShared = !own && profile === undefined;
  const { close, ...opened } = await spending(
    'launching',
    isShared ? sharedPage(name, url) : ownPage(name, url, profile),
  );
  try {
    const broken = new Promise<never>((_, reject) => {
      opened.page.on('console', (message) => note(`console ${message.text()}`));
      opened.page.on('pageerror', (error) => {
        const message = error instanceof Error ? error.message : String(error);
        note(`error ${message}`);
        if (expectedErrors?.test(message) !== true) reject(error);
      });
      opened.page.on('error', (error) => reject(error));
    });
    return await Promise.race([body(opened), broken]);
  } finally {
    await close();
  }
}

const kindOf = (name: BrowserName): BrowserKind => (name === 'chromium' ? 'chrome' : 'firefox');

function ownPage(name: BrowserName, url: string, profile: string | undefined): Promise<OpenPage> {
  return openPage(kindOf(name), url, { adapter: 'software', ...(profile && { profile }) });
}

/**
 * This process's browsers. All test files share them: each test's site has its own port and so its own origin, so no test
 * sees what another test stored.
 */
const browsers = new Map<BrowserName, OpenBrowser>();

async function sharedPage(name: BrowserName, url: string): Promise<Opened & Pick<OpenPage, 'close'>> {
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    const known = browsers.get(name);
    const shared = known?.browser.connected ? known : await openBrowser(kindOf(name), { adapter: 'software' });
    browsers.set(name, shared);
    const { browser, kill } = shared;
    const others = new Set(await browser.pages());
    const page = await newPage(browser, url).catch((error: unknown) => {
      // If the browser has just crashed or closed, the next attempt opens another one.
      if (browser.connected) throw error;
      return undefined;
    });
    if (page === undefined) {
      await shared.close();
      continue;
    }
    const close = async (): Promise<void> => {
      if (!browser.connected) return;
      const opened = (await browser.pages()).filter((each) => !others.has(each));
      await Promise.all(opened.map((each) => each.close().catch(() => undefined)));
    };
    return { page, kill, close };
  }
  throw new Error(`${name} gives no WebGPU adapter on this machine`);
}

/** Opens another tab in a browser context, with the same time-out as the pages of `withPage`. */
export async function newTab(context: BrowserContext): Promise<Page> {
  const page = await context.newPage();
  page.setDefaultTimeout(PATIENCE);
  return page;
}

/** Lets scripts of a page call `window.report(value)`. The returned function loads a page and resolves with the value that it reports. */
export async function reporting(page: Page): Promise<<T>(url: string) => Promise<T>> {
  let finish: (value: unknown) => void = () => {};
  const receive = (value: unknown): void => finish(value);
  await page.exposeFunction('report', receive);
  return async <T>(url: string) => {
    const reported = new Promise<unknown>((resolve) => {
      finish = resolve;
    });
    await gotoReporting(page, url, receive);
    return (await reported) as T;
  };
}

/** Loads a page whose script calls `window.report(value)` once or throws, and returns that value. */
export async function reportOf<T>(page: Page, url: string): Promise<T> {
  const report = await reporting(page);
  return report<T>(url);
}
