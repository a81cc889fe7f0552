// Starts headless browsers with WebGPU, and runs pages in them.
import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import puppeteer from 'puppeteer-core';
import { CommandFailure } from '../shared/options.mjs';
import { kill, onExit, remove } from '../shared/processes.mjs';
import { adviceFor, BROWSERS, findBrowser } from './find_browser.mjs';

/** @typedef {import('./find_browser.mjs').BrowserKind} BrowserKind */
/** @typedef {import('puppeteer-core').Browser} Browser */
/** @typedef {import('puppeteer-core').Page} Page */
/**
 * `software` is SwiftShader in Chromium. Firefox chooses its adapter itself (Mesa's llvmpipe on machines without a GPU).
 * @typedef {'default' | 'software'} Adapter
 */
/**
 * `kill` ends the browser's process at once, like a crash.
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

/** @type {import('puppeteer-core').LaunchOptions} */
const FIREFOX = {
  browser: 'firefox',
  extraPrefsFirefox: {
    'dom.webgpu.enabled': true,
    'dom.webgpu.workers.enabled': true,
    'gfx.webgpu.ignore-blocklist': true,
  },
};

/** Attempts at each operation that may fail in a busy browser: getting an adapter while the GPU process starts, exposing a function. */
export const ATTEMPTS = 3;

/** The most milliseconds that a browser's start, a page's load or an awaited state may take, even on a busy machine. */
export const PATIENCE = 240_000;

/** Thrown if there is no browser, it has no WebGPU, or it crashed while a page ran. */
export class BrowserFailure extends CommandFailure {}

/**
 * Starts a headless browser. The browser ends with `close()`, or when this process exits.
 * @param {BrowserKind} kind
 * @param {{ adapter?: Adapter, profile?: string }} [options] `profile`: a profile's folder, which isn't deleted. Default: a temporary one
 * @returns {Promise<OpenBrowser>}
 */
export async function openBrowser(kind, { adapter = 'default', profile } = {}) {
  const found = await findBrowser(kind);
  if (found === undefined) throw new BrowserFailure(`Needs ${BROWSERS[kind].title}: ${adviceFor(kind)}.`);
  const name = found.version || found.path;
  const opened = await launch(kind, found.path, adapter, profile).catch((cause) => {
    throw new BrowserFailure(`${name} could not be started: ${cause.message}`, { cause });
  });
  return { ...opened, name };
}

/**
 * Starts a headless browser, and opens a page that has a WebGPU adapter. The browser ends with `close()`, or when this process exits.
 * @param {BrowserKind} kind
 * @param {string} origin of a running server. WebGPU needs a secure context, such as 127.0.0.1
 * @param {{ adapter?: Adapter, profile?: string }} [options] `profile`: a profile's folder, which isn't deleted. Default: a temporary one
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
 * Opens a page that has a WebGPU adapter.
 * @param {Browser} browser
 * @param {string} origin of a running server
 * @returns {Promise<Page | undefined>} undefined if the browser returns no adapter
 */
export async function newPage(browser, origin) {
  const page = await browser.newPage();
  page.setDefaultTimeout(PATIENCE);
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
 * Opens `url` in a page to which `report` was exposed as `window.report`. Firefox sometimes leaves the function out of a new document. Then
 * the function is exposed again, so a script that reports early must wait for it.
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
 * Opens `url`, whose script calls `window.report(message)`, and resolves with the first defined value that `onReport` returns.
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
 * @param {{ adapter?: Adapter, onOpen?: (version: string) => void, onReport?: (message: M) => unknown }} [options] `onReport` is awaited
 * @returns {Promise<M>} the last message
 * @throws {BrowserFailure} if the page threw an error, or the page or the browser crashed
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
    const last = reported(page, url, async (/** @type {M} */ message) => {
      if (message.type === 'done' || message.type === 'error') return message;
      await onReport?.(message);
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
 * @param {string} [ownProfile]
 */
async function launch(kind, executablePath, adapter, ownProfile) {
  const userDataDir = ownProfile ?? (await mkdtemp(join(tmpdir(), 'webvera-')));
  const cleanup = ownProfile === undefined ? onExit(() => remove(userDataDir)) : () => {};
  // Puppeteer's own signal handlers leave the profile behind, or keep the process alive; `onExit` handles signals instead.
  const signals = { handleSIGINT: false, handleSIGTERM: false, handleSIGHUP: false };
  const common = { executablePath, userDataDir, headless: true, timeout: PATIENCE, protocolTimeout: 0, ...signals };
  const own = kind === 'firefox' ? FIREFOX : { pipe: true, args: chromeFlags(adapter) };
  const browser = await puppeteer.launch({ ...own, ...common }).catch((error) => {
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
 * Returns Chromium's flags. Chromium is started with a pipe, so it ends when this process ends or is killed. The environment's
 * WEBVERA_DAWN_FEATURES, such as `disable_robustness`, turns on features of Dawn.
 * @param {Adapter} adapter
 */
function chromeFlags(adapter) {
  const args = [...CHROME_FLAGS];
  // Chromium's sandbox can't run as root.
  if (process.getuid?.() === 0) args.push('--no-sandbox');
  if (adapter === 'software') args.push('--use-webgpu-adapter=swiftshader');
  else if (process.platform === 'linux') args.push('--enable-features=Vulkan');
  if (process.env.WEBVERA_DAWN_FEATURES) args.push(`--enable-dawn-features=${process.env.WEBVERA_DAWN_FEATURES}`);
  return args;
}
