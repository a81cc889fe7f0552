// Starts a real, headless browser with WebGPU and runs one page in it.
import puppeteer from 'puppeteer-core';
import { BROWSERS, findBrowser } from './browsers.mjs';

/** @typedef {import('./browsers.mjs').BrowserKind} BrowserKind */
/** @typedef {import('puppeteer-core').Page} Page */
/**
 * `software` is SwiftShader in Chromium; Firefox picks for itself (Mesa's llvmpipe where there is no GPU).
 * @typedef {'default' | 'software'} Adapter
 */
/** @typedef {{ page: Page, version: string, close: () => Promise<void> }} OpenPage */

const CHROME_FLAGS = [
  '--headless=new',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  '--enable-unsafe-webgpu',
];

const FIREFOX_PREFERENCES = {
  'dom.webgpu.enabled': true,
  'dom.webgpu.workers.enabled': true,
  'gfx.webgpu.ignore-blocklist': true,
};

/** How often a browser is started before a missing adapter is believed: a GPU process that starts cold may miss its time. */
const ATTEMPTS = 3;

/** No browser, no WebGPU in it, or it broke while a page ran. */
export class BrowserFailure extends Error {}

/**
 * Opens a page in a fresh profile of a headless browser whose WebGPU is known to work. The browser goes away with
 * `close()`, and with this process however that ends.
 * @param {BrowserKind} kind
 * @param {string} origin of a running server: WebGPU wants a secure context, which 127.0.0.1 is
 * @param {{ adapter?: Adapter }} [options]
 * @returns {Promise<OpenPage>}
 */
export async function openPage(kind, origin, { adapter = 'default' } = {}) {
  const found = await findBrowser(kind);
  if (found === undefined) throw new BrowserFailure(`Needs ${BROWSERS[kind].title}: ${BROWSERS[kind].advice}.`);
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    const browser = await launch(kind, found.path, adapter);
    const close = () => browser.close().catch(() => undefined);
    try {
      const page = await browser.newPage();
      await page.goto(new URL('/webgpu-check', origin).href);
      const hasAdapter = await page.evaluate(async () => Boolean(await navigator.gpu?.requestAdapter()));
      if (hasAdapter) return { page, version: await browser.version(), close };
    } catch (error) {
      await close();
      throw error;
    }
    await close();
  }
  throw new BrowserFailure(`${found.version || found.path} gives no WebGPU adapter on this machine.`);
}

/**
 * Runs a page that calls `window.report(message)`, last with a message of type `done` or `error`.
 * @template {{ type: string }} M
 * @param {BrowserKind} kind
 * @param {string} url
 * @param {{ adapter?: Adapter, onOpen?: (version: string) => void, onReport?: (message: M) => void }} [options]
 * @returns {Promise<M>} the last message
 * @throws {BrowserFailure} the page threw, or it or the browser crashed
 */
export async function runPage(kind, url, { adapter = 'default', onOpen, onReport } = {}) {
  const { page, version, close } = await openPage(kind, url, { adapter });
  try {
    onOpen?.(version);
    return await new Promise((finish, fail) => {
      const broke = (/** @type {string} */ what) => fail(new BrowserFailure(what));
      page.on('pageerror', (error) =>
        broke(`The page failed: ${error instanceof Error ? error.message : String(error)}`),
      );
      page.on('error', () => broke('The page crashed.'));
      page.browser().on('disconnected', () => broke('The browser ended unexpectedly.'));
      page
        .exposeFunction('report', (/** @type {M} */ message) => {
          if (message.type === 'done' || message.type === 'error') finish(message);
          else onReport?.(message);
        })
        .then(() => page.goto(url))
        .catch(fail);
    });
  } finally {
    await close();
  }
}

/**
 * @param {BrowserKind} kind
 * @param {string} executablePath
 * @param {Adapter} adapter
 */
function launch(kind, executablePath, adapter) {
  if (kind === 'firefox') {
    return puppeteer.launch({
      browser: 'firefox',
      headless: true,
      executablePath,
      protocolTimeout: 0,
      extraPrefsFirefox: FIREFOX_PREFERENCES,
    });
  }
  return puppeteer.launch({
    executablePath,
    protocolTimeout: 0,
    // Over a pipe the browser ends with this process, even when that is killed.
    pipe: true,
    args: [
      ...CHROME_FLAGS,
      // Chromium's sandbox refuses to run as root.
      ...(process.getuid?.() === 0 ? ['--no-sandbox'] : []),
      ...(adapter === 'software' ? ['--use-webgpu-adapter=swiftshader'] : []),
      ...(adapter === 'default' && process.platform === 'linux' ? ['--enable-features=Vulkan'] : []),
    ],
  });
}
