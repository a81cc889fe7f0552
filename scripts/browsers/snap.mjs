import { readFileSync, realpathSync, statSync } from 'node:fs';
import { basename } from 'node:path';

/** The most bytes of a script that starts another program. Programs themselves are larger. */
const SCRIPT = 2 ** 14;

/**
 * Whether a program is Firefox of a snap, or the script with which Ubuntu starts it. A snap has a /tmp of its own, so it doesn't find the
 * profile that a driver made for it, and the driver waits in vain.
 * @param {string} path
 */
export function isFirefoxOfSnap(path) {
  const program = realpathSync(path);
  // The programs of all snaps are links to this one.
  if (basename(program) === 'snap') return true;
  return statSync(program).size <= SCRIPT && readFileSync(program, 'latin1').includes('/snap/bin/firefox');
}
