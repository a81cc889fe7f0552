// Lets one process at a time run some work, by a lock file that holds the process's id.
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { setTimeout } from 'node:timers/promises';
import { onExit } from './processes.mjs';

/** Milliseconds between attempts to take the lock. */
const PAUSE = 200;

/**
 * Runs `body` when no other process holds the lock of the same file. The lock of a process that has died is free.
 * @template T
 * @param {string} file in an existing folder
 * @param {(message: string) => void} report
 * @param {() => Promise<T>} body
 * @returns {Promise<T>}
 */
export async function alone(file, report, body) {
  for (let isReported = false; !take(file); isReported = true) {
    if (!isReported) report(`Another process is at it: waiting. If there is none, remove ${file}.`);
    await setTimeout(PAUSE);
  }
  const release = onExit(() => rmSync(file, { force: true }));
  try {
    return await body();
  } finally {
    release();
  }
}

/** @param {string} file */
function take(file) {
  try {
    writeFileSync(file, String(process.pid), { flag: 'wx' });
    return true;
  } catch (error) {
    if (codeOf(error) !== 'EEXIST') throw error;
  }
  if (!isHeld(file)) rmSync(file, { force: true });
  return false;
}

/** @param {string} file */
function isHeld(file) {
  try {
    // A new file is empty for a moment. Its id is then 0, the group of this process, which exists.
    process.kill(Number(readFileSync(file, 'utf8')), 0);
    return true;
  } catch (error) {
    // Without ESRCH the file was removed, or the process belongs to another user.
    return codeOf(error) !== 'ESRCH';
  }
}

/** @param {unknown} error */
function codeOf(error) {
  return /** @type {NodeJS.ErrnoException} */ (error).code;
}
