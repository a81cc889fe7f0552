import type { IncomingMessage } from 'node:http';
import { fileURLToPath } from 'node:url';
import type { Page } from 'puppeteer-core';
import type { BrowserKind } from '../../../scripts/browsers/find_browser.mjs';
import {
  ATTEMPTS,
  gotoReporting,
  newPage,
  type OpenBrowser,
  type OpenPage,
  openBrowser,
  openPage,
} from '../../../scripts/browsers/launch.mjs';
import { type Mount, serve } from '../../../scripts/browsers/serve.mjs';
import { spending } from '../../times/spent';

/** `chromium` runs on SwiftShader; `firefox` on what it finds, Mesa's llvmpipe where there is no GPU. */
export type BrowserName = 'chromium' | 'firefox';
export const browserNames: readonly BrowserName[] = ['chromium', 'firefox'];

const folder = (path: string): string => fileURLToPath(new URL(path, import.meta.url));

/** What the pages of `pages/` can load. `/dist/` is the library as `npm run build` makes it. */
const mounts: Readonly<Record<string, Mount>> = {
  '/pages/': folder('../pages/'),
  '/dist/': folder('../../../dist/'),
  '/scripts/page/': folder('../../../scripts/page/'),
  '/golden/': folder('../../golden/'),
  '/models/': folder('../../../demo/public/models/'),
  '/text/': folder('../../../demo/public/text/'),
};

export interface HarnessOptions {
  /** More to serve, or other files in the place of the usual ones. */
  readonly mounts?: Readonly<Record<string, Mount>>;
  /** Headers of every answer; an empty value leaves one of the server's own out. */
  readonly headers?: Readonly<Record<string, string>>;
  /** Messages of errors that a page lets escape on purpose. */
  readonly expectedErrors?: RegExp;
  /** Whether the page has a browser of its own: for what ends or changes one. Default: false. */
  readonly own?: boolean;
  /** Sees every request to the server. */
  readonly onRequest?: (request: IncomingMessage) => void;
}

/**
 * Opens a page and runs `body` with the URL of a server behind it, of an origin that nobody had before. The page is still empty, so
 * begin with `page.goto(url + '/pages/….html')`. An error that a page lets escape fails the body.
 */
export async function withBrowser<T>(
  name: BrowserName,
  body: (page: Page, url: string) => Promise<T>,
  options: HarnessOptions = {},
): Promise<T> {
  return withSite((url) => withPage(name, url, ({ page }) => body(page, url), options), options);
}

/** Runs `body` with the URL of a server, whose origin is the same for all pages that are opened meanwhile. */
export async function withSite<T>(body: (url: string) => Promise<T>, options: HarnessOptions = {}): Promise<T> {
  const { mounts: extra, headers, onRequest } = options;
  const server = await serve({ ...mounts, ...extra }, { ...(headers && { headers }), ...(onRequest && { onRequest }) });
  try {
    return await body(server.url);
  } finally {
    await server.close();
  }
}

export interface PageOptions extends Pick<HarnessOptions, 'expectedErrors' | 'own'> {
  /** A folder that outlives the browser. Default: that of the shared browser. */
  readonly profile?: string;
}

type Opened = Pick<OpenPage, 'page' | 'kill'>;

/** Opens a page of a browser for a site and runs `body` with it. */
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
      opened.page.on('pageerror', (error) => {
        const message = error instanceof Error ? error.message : String(error);
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

/** The browsers of this process, each for all files that it runs: sites have ports of their own, so none sees what another kept. */
const browsers = new Map<BrowserName, OpenBrowser>();

async function sharedPage(name: BrowserName, url: string): Promise<Opened & Pick<OpenPage, 'close'>> {
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    const known = browsers.get(name);
    const shared = known?.browser.connected ? known : await openBrowser(kindOf(name), { adapter: 'software' });
    browsers.set(name, shared);
    const { browser, kill } = shared;
    const others = new Set(await browser.pages());
    const page = await newPage(browser, url).catch((error: unknown) => {
      // It may have just ended.
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

/** Lets scripts of a page call `window.report(value)`. What comes back loads a page and gives the value it reports. */
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

/** Loads a page whose script calls `window.report(value)` once, or throws, and gives that value. */
export async function reportOf<T>(page: Page, url: string): Promise<T> {
  const report = await reporting(page);
  return report<T>(url);
}
