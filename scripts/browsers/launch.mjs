// Starts a real, headless browser with WebGPU and runs one page in it.
import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import puppeteer from 'puppeteer-core';
import { CommandFailure } from '../shared/options.mjs';
import { kill, onExit, remove } from '../shared/processes.mjs';
import { BROWSERS, findBrowser } from './find_browser.mjs';

/** @typedef {import('./find_browser.mjs').BrowserKind} BrowserKind */
/** @typedef {import('puppeteer-core').Browser} Browser */
/** @typedef {import('puppeteer-core').Page} Page */
/**
 * `software` is SwiftShader in Chromium; Firefox picks for itself (Mesa's llvmpipe where there is no GPU).
 * @typedef {'default' | 'software'} Adapter
 */
/**
 * `kill` ends the browser as a crash does.
 * @typedef {{ page: Page, version: string, close: () => Promise<void>, kill: () => void }} OpenPage
 */
/** @typedef {{ browser: Browser, name: string, close: () => Promise<void>, kill: () => void }} OpenBrowser */

const CHROME_FLAGS = [
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

/** How often what a busy browser may miss is tried: an adapter from a GPU process that starts cold, a function on a page. */
export const ATTEMPTS = 3;

/** No browser, no WebGPU in it, or it broke while a page ran. */
export class BrowserFailure extends CommandFailure {}

/**
 * Starts a headless browser. It goes away with `close()`, and with this process however that ends.
 * @param {BrowserKind} kind
 * @param {{ adapter?: Adapter, profile?: string }} [options] `profile`: a folder that stays; a fresh one by default
 * @returns {Promise<OpenBrowser>}
 */
export async function openBrowser(kind, { adapter = 'default', profile } = {}) {
  const found = await findBrowser(kind);
  if (found === undefined) throw new BrowserFailure(`Needs ${BROWSERS[kind].title}: ${BROWSERS[kind].advice}.`);
  return { ...(await launch(kind, found.path, adapter, profile)), name: found.version || found.path };
}

/**
 * Opens a page of a headless browser whose WebGPU is known to work. The browser goes away with `close()`, and with this process however that ends.
 * @param {BrowserKind} kind
 * @param {string} origin of a running server: WebGPU wants a secure context, which 127.0.0.1 is
 * @param {{ adapter?: Adapter, profile?: string }} [options] `profile`: a folder that stays; a fresh one by default
 * @returns {Promise<OpenPage>}
 */
export async function openPage(kind, origin, options = {}) {
  let name = '';
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    const opened = await openBrowser(kind, options);
    const { browser, close, kill } = opened;
    name = opened.name;
    try {
      const page = await newPage(browser, origin);
      if (page !== undefined) return { page, version: nameOf(await browser.version()), close, kill };
    } catch (error) {
      await close();
      throw error;
    }
    await close();
  }
  throw new BrowserFailure(`${name} gives no WebGPU adapter on this machine.`);
}

/**
 * Opens a page whose WebGPU is known to work.
 * @param {Browser} browser
 * @param {string} origin of a running server
 * @returns {Promise<Page | undefined>} undefined where the browser gives no adapter
 */
export async function newPage(browser, origin) {
  const page = await browser.newPage();
  await page.goto(new URL('/webgpu-check', origin).href);
  const hasAdapter = await page.evaluate(async () => Boolean(await navigator.gpu?.requestAdapter()));
  if (hasAdapter) return page;
  await page.close();
  return undefined;
}

/** @param {string} version such as `firefox/153.7.0` */
function nameOf(version) {
  return version.charAt(0).toUpperCase() + version.slice(1).replace('/', ' ');
}

/**
 * Opens `url` in a page where `report` was exposed as `window.report`. Firefox now and then leaves it out of a new
 * document; it is then put in again, so a script that wants to report early has to wait for it.
 * @template M
 * @param {Page} page
 * @param {string} url
 * @param {(message: M) => void} report
 */
export async function gotoReporting(page, url, report) {
  await page.goto(url);
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    if (await page.evaluate(() => typeof window.report === 'function')) return;
    await page.removeExposedFunction('report');
    await page.exposeFunction('report', report);
  }
  throw new BrowserFailure('The browser gave the page no way to report.');
}

/**
 * Opens `url`, whose script calls `window.report(message)`, until `onReport` has something to give for a message.
 * @template M, T
 * @param {Page} page
 * @param {string} url
 * @param {(message: M) => T | undefined | Promise<T | undefined>} onReport
 * @returns {Promise<T>}
 */
export function reported(page, url, onReport) {
  return new Promise((resolve, reject) => {
    const receive = async (/** @type {M} */ message) => {
      try {
        const given = await onReport(message);
        if (given !== undefined) resolve(given);
      } catch (error) {
        reject(error);
      }
    };
    page
      .exposeFunction('report', receive)
      .then(() => gotoReporting(page, url, receive))
      .catch(reject);
  });
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
    /** @type {Promise<never>} */
    const broken = new Promise((_, fail) => {
      const broke = (/** @type {string} */ what) => fail(new BrowserFailure(what));
      page.on('pageerror', (error) =>
        broke(`The page failed: ${error instanceof Error ? error.message : String(error)}`),
      );
      page.on('error', () => broke('The page crashed.'));
      page.browser().on('disconnected', () => broke('The browser ended unexpectedly.'));
    });
    const last = reported(page, url, (/** @type {M} */ message) => {
      if (message.type === 'done' || message.type === 'error') return message;
      onReport?.(message);
      return undefined;
    });
    return await Promise.race([last, broken]);
  } finally {
    await close();
  }
}

/**
 * @param {BrowserKind} kind
 * @param {string} executablePath
 * @param {Adapter} adapter
 * @param {string} [kept]
 */
async function launch(kind, executablePath, adapter, kept) {
  const profile = kept ?? (await mkdtemp(join(tmpdir(), 'webvera-')));
  const cleanup = kept === undefined ? onExit(() => remove(profile)) : () => {};
  const browser = await puppeteer
    .launch({ ...(kind === 'firefox' ? firefoxOptions() : chromeOptions(adapter)), ...common(executablePath, profile) })
    .catch((error) => {
      cleanup();
      throw error;
    });
  const end = () => kill(browser.process());
  const stop = onExit(end);
  const close = async () => {
    await browser.close().catch(() => undefined);
    stop();
    cleanup();
  };
  return { browser, close, kill: end };
}

/**
 * @param {string} executablePath
 * @param {string} userDataDir
 */
function common(executablePath, userDataDir) {
  // Signals are handled here, as puppeteer's own handlers leave the profile behind or keep the process alive.
  return {
    executablePath,
    userDataDir,
    headless: true,
    protocolTimeout: 0,
    handleSIGINT: false,
    handleSIGTERM: false,
    handleSIGHUP: false,
  };
}

/** @returns {import('puppeteer-core').LaunchOptions} */
function firefoxOptions() {
  return { browser: 'firefox', extraPrefsFirefox: FIREFOX_PREFERENCES };
}

/**
 * @param {Adapter} adapter
 * @returns {import('puppeteer-core').LaunchOptions}
 */
function chromeOptions(adapter) {
  const args = [...CHROME_FLAGS];
  // Chromium's sandbox refuses to run as root.
  if (process.getuid?.() === 0) args.push('--no-sandbox');
  if (adapter === 'software') args.push('--use-webgpu-adapter=swiftshader');
  else if (process.platform === 'linux') args.push('--enable-features=Vulkan');
  // Over a pipe the browser ends with this process, even when that is killed.
  return { pipe: true, args };
}
