import { readFileSync, realpathSync, statSync } from 'node:fs';
import { basename } from 'node:path';

/** The maximum size of a launch script, in bytes. A larger file is a program itself. */
const MOST_SCRIPT_BYTES = 2 ** 14;

/**
 * Whether a program is the snap package of Firefox, or the script with which Ubuntu starts it. A snap has a private /tmp, so this Firefox
 * doesn't find the temporary profile that it is started with, and Puppeteer waits in vain.
 * @param {string} path
 */
export function isFirefoxOfSnap(path) {
  const program = realpathSync(path);
  // The command of each snap is a link to /usr/bin/snap.
  if (basename(program) === 'snap') return true;
  return statSync(program).size <= MOST_SCRIPT_BYTES && readFileSync(program, 'latin1').includes('/snap/bin/firefox');
}
