import { execFile } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { promisify } from 'node:util';
import { CommandFailure } from '../shared/options.mjs';
import { inRepository } from '../shared/paths.mjs';
import { adviceFor, BROWSERS, BrowserNotFound, findBrowser, findLavapipe, LAVAPIPE } from './find_browser.mjs';

/** @typedef {import('./find_browser.mjs').Part} Part */

const run = promisify(execFile);

const BUNDLED = [
  'models/prose-1.4M/config.json',
  'models/prose-1.4M/model.safetensors',
  'models/prose-1.4M/tokenizer.json',
  'text/moby-dick.txt',
];

/** Thrown if programs, drivers or files are missing that can't be installed here. The message says how to get each of them. */
export class MissingParts extends CommandFailure {}

/** @typedef {import('./find_browser.mjs').BrowserKind | 'lavapipe'} PartName */

/**
 * Installs missing browsers and drivers if this process runs as root on Debian. Throws `MissingParts` if some are still missing.
 * @param {readonly PartName[]} [names] Default: all of them
 */
export async function setUp(names = ['chrome', 'firefox', 'lavapipe']) {
  const files = BUNDLED.filter((file) => !existsSync(inRepository(`demo/public/${file}`)));
  if (files.length > 0) {
    throw new MissingParts(
      `These files of the repository are missing: ${files.map((file) => `demo/public/${file}`).join(', ')}. Check it out again.`,
    );
  }
  let missing = await missingOf(names);
  if (missing.length === 0) return;
  if (canInstall()) {
    await install(missing.map((part) => part.debian));
    missing = await missingOf(names);
  }
  if (missing.length > 0) throw new MissingParts(advise(missing));
}

/** @param {readonly PartName[]} names @returns {Promise<Part[]>} */
async function missingOf(names) {
  const found = await Promise.all(names.map(has));
  return names
    .filter((_, i) => !found[i])
    .map((name) => (name === 'lavapipe' ? LAVAPIPE : { ...BROWSERS[name], advice: adviceFor(name) }));
}

/** @param {PartName} name */
async function has(name) {
  // On other systems Dawn uses Metal or Direct3D.
  if (name === 'lavapipe') return process.platform !== 'linux' || findLavapipe() !== undefined;
  try {
    return (await findBrowser(name)) !== undefined;
  } catch (error) {
    if (error instanceof BrowserNotFound) throw new MissingParts(error.message);
    throw error;
  }
}

/** Whether this process runs as root on Debian. */
function canInstall() {
  const [apt, release] = ['/usr/bin/apt-get', '/etc/os-release'];
  if (process.getuid?.() !== 0 || ![apt, release].every(existsSync)) return false;
  return /^ID=debian$/m.test(readFileSync(release, 'utf8'));
}

/** @param {readonly string[]} packages */
async function install(packages) {
  console.error(`Installing ${packages.join(', ')} …`);
  // Updates the lists of packages first: the version that they name may be too old, or the mirrors may have removed it.
  await apt(['update', '-qq']);
  await apt(['install', '-y', '-qq', '--no-install-recommends', ...packages]);
}

/** @param {readonly string[]} args */
async function apt(args) {
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
  try {
    await run('apt-get', ['-o', 'DPkg::Lock::Timeout=300', ...args], { env, maxBuffer: 2 ** 26 });
  } catch (error) {
    const { stdout, stderr } = /** @type {{ stdout: string, stderr: string }} */ (error);
    const printed = `${stdout}${stderr}`.trim().split('\n').slice(-15).join('\n');
    throw new MissingParts(`apt-get ${args.join(' ')} failed:\n${printed}`);
  }
}

/** @param {readonly Part[]} missing */
export function advise(missing) {
  const lines = missing.map((part) => `  - ${part.title}: ${part.advice}`);
  const packages = new Set(missing.map((part) => part.debian));
  const debian = `On Debian: sudo apt-get update && sudo apt-get install ${[...packages].join(' ')}`;
  return ['Missing on this machine:', ...lines, debian].join('\n');
}
