// Finds the browsers and drivers that scripts and tests need: Chrome or Chromium, Firefox, and Mesa's software Vulkan driver.
import { execFile } from 'node:child_process';
import { accessSync, constants, existsSync, readdirSync, statSync } from 'node:fs';
import { basename, delimiter, join } from 'node:path';
import { promisify } from 'node:util';
import { CommandFailure } from '../shared/options.mjs';
import { isFirefoxOfSnap } from './snap.mjs';

/** @typedef {'chrome' | 'firefox'} BrowserKind */
/** @typedef {{ path: string, version: string }} FoundBrowser */
/**
 * A program or driver, and how to install it.
 * @typedef {object} Part
 * @property {string} title
 * @property {string} debian name of the package in Debian
 * @property {string} advice for systems on which `setUp` can't install it
 */
/** @typedef {{ env: string, commands: readonly string[], mac: readonly string[], windows: readonly string[] }} Places */

const run = promisify(execFile);

/**
 * The oldest major versions whose WebGPU works in headless workers on Linux. The previous ESR of Firefox, 140, has `navigator.gpu`, but
 * returns no adapter.
 * @type {Readonly<Record<BrowserKind, number>>}
 */
export const OLDEST = { chrome: 150, firefox: 153 };

/** @type {Readonly<Record<BrowserKind, Part>>} */
export const BROWSERS = {
  chrome: {
    title: `Chrome or Chromium ${OLDEST.chrome} or newer`,
    debian: 'chromium',
    advice: 'install it from https://www.google.com/chrome/ or your system, or set WEBVERA_CHROME to its program',
  },
  firefox: {
    title: `Firefox ${OLDEST.firefox} or newer`,
    debian: 'firefox-esr',
    advice: 'install it from https://www.firefox.com/ or your system, or set WEBVERA_FIREFOX to its program',
  },
};

/** @type {Part} */
export const LAVAPIPE = {
  title: "Mesa's software Vulkan driver (lavapipe)",
  debian: 'mesa-vulkan-drivers',
  advice: "install your system's Mesa Vulkan drivers (Fedora: mesa-vulkan-drivers, Arch: vulkan-swrast)",
};

/** @type {Readonly<Record<BrowserKind, Places>>} */
const PLACES = {
  chrome: {
    env: 'WEBVERA_CHROME',
    commands: ['chromium', 'chromium-browser', 'google-chrome-stable', 'google-chrome', 'chrome'],
    mac: ['Google Chrome.app/Contents/MacOS/Google Chrome', 'Chromium.app/Contents/MacOS/Chromium'],
    windows: ['Google\\Chrome\\Application\\chrome.exe', 'Chromium\\Application\\chrome.exe'],
  },
  firefox: {
    env: 'WEBVERA_FIREFOX',
    commands: ['firefox-esr', 'firefox'],
    mac: ['Firefox.app/Contents/MacOS/firefox'],
    windows: ['Mozilla Firefox\\firefox.exe'],
  },
};

/** The advice for a machine whose Firefox is a snap package. */
const INSTEAD_OF_SNAP =
  "that of a snap can't be driven; install Mozilla's own package from https://www.firefox.com/, or set WEBVERA_FIREFOX to its program";

/** Thrown if an environment variable names a browser that doesn't exist or can't be driven. */
export class BrowserNotFound extends CommandFailure {}

/**
 * Finds the browser that WEBVERA_CHROME or WEBVERA_FIREFOX names, whatever its version, or else the first one on this machine that is new
 * enough.
 * @param {BrowserKind} kind
 * @returns {Promise<FoundBrowser | undefined>}
 */
export async function findBrowser(kind) {
  const { env } = PLACES[kind];
  const named = process.env[env];
  if (named) {
    if (!isProgram(named)) throw new BrowserNotFound(`${env} is ${named}, but there is no such program`);
    if (isUndrivable(kind, named)) throw new BrowserNotFound(`${env} is ${named}: ${INSTEAD_OF_SNAP}`);
    return { path: named, version: (await versionOf(named)) ?? '' };
  }
  for (const path of candidates(kind)) {
    const version = isUndrivable(kind, path) ? undefined : await versionOf(path);
    if (version !== undefined && isNewEnough(kind, version)) return { path, version };
  }
  return undefined;
}

/** Returns advice on how to install a browser that `findBrowser` accepts. @param {BrowserKind} kind */
export function adviceFor(kind) {
  return candidates(kind).some((path) => isUndrivable(kind, path)) ? INSTEAD_OF_SNAP : BROWSERS[kind].advice;
}

/** @param {BrowserKind} kind @param {string} path */
const isUndrivable = (kind, path) => kind === 'firefox' && process.platform === 'linux' && isFirefoxOfSnap(path);

/**
 * @param {BrowserKind} kind
 * @param {string} version such as `Chromium 150.0.7871.181`; empty if the version is unknown. An unknown version counts as new enough
 */
export function isNewEnough(kind, version) {
  const major = /(\d+)\.\d/.exec(version)?.[1];
  return major === undefined || Number(major) >= OLDEST[kind];
}

/** Finds the file that registers lavapipe, Mesa's software driver, with the Vulkan loader. */
export function findLavapipe() {
  return findDriver('lvp_icd');
}

/**
 * Finds the file that registers a driver with the Vulkan loader.
 * @param {'lvp_icd' | 'radeon_icd'} name beginning of the file's name
 */
export function findDriver(name) {
  const named = (process.env.VK_DRIVER_FILES ?? process.env.VK_ICD_FILENAMES ?? '').split(delimiter);
  const folders = ['/usr/share', '/usr/local/share', '/etc', '/usr/local/etc'].map((root) =>
    join(root, 'vulkan/icd.d'),
  );
  const registered = folders.flatMap((folder) => list(folder).map((name) => join(folder, name)));
  return [...named, ...registered].find((path) => {
    const file = basename(path);
    return file.startsWith(name) && file.endsWith('.json') && existsSync(path);
  });
}

/** @param {BrowserKind} kind @returns {readonly string[]} */
function candidates(kind) {
  const { commands } = PLACES[kind];
  const onPath = (process.env.PATH ?? '').split(delimiter).filter((folder) => folder !== '');
  return [...commands.flatMap((name) => onPath.map((folder) => join(folder, name))), ...applications(kind)].filter(
    isProgram,
  );
}

/** Returns the usual paths of a browser on macOS and Windows, where it isn't on PATH. @param {BrowserKind} kind */
function applications(kind) {
  const { mac, windows } = PLACES[kind];
  const { HOME, PROGRAMFILES, LOCALAPPDATA } = process.env;
  if (process.platform === 'darwin') {
    return ['/Applications', `${HOME}/Applications`].flatMap((root) => mac.map((app) => join(root, app)));
  }
  if (process.platform !== 'win32') return [];
  const roots = [PROGRAMFILES, process.env['PROGRAMFILES(X86)'], LOCALAPPDATA].filter((root) => root !== undefined);
  return roots.flatMap((root) => windows.map((app) => join(root, app)));
}

/** @param {string} path */
function isProgram(path) {
  try {
    accessSync(path, constants.X_OK);
    return statSync(path).isFile();
  } catch {
    return false;
  }
}

/**
 * @param {string} path
 * @returns {Promise<string | undefined>} empty if the version is unknown; undefined if the program fails: some programs are scripts
 *   that only ask the user to install the browser
 */
async function versionOf(path) {
  // Chrome for Windows opens a window instead of printing its version.
  if (process.platform === 'win32') return '';
  try {
    const { stdout } = await run(path, ['--version'], { timeout: 20_000 });
    return stdout.trim();
  } catch (error) {
    const { killed } = /** @type {import('node:child_process').ExecFileException} */ (error);
    return killed ? '' : undefined; // stopped by the timeout, perhaps only because the machine is busy
  }
}

/** @param {string} folder */
function list(folder) {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}
