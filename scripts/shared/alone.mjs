// Lets only one process at a time run a piece of work. A lock file contains the id of this process.
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { setTimeout } from 'node:timers/promises';
import { onExit } from './processes.mjs';

/** Milliseconds between attempts to obtain the lock. */
const PAUSE = 200;

/**
 * Runs `body` when no other process holds the lock: the lock file doesn't exist, or the process that created it has died.
 * @template T
 * @param {string} file the lock file, in an existing folder
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
    // A new lock file is empty for a moment, and is read as id 0. This id stands for this process's group, so the lock counts as held.
    process.kill(Number(readFileSync(file, 'utf8')), 0);
    return true;
  } catch (error) {
    // ESRCH means that the process has died. After other errors the file was removed, or the process belongs to another user.
    return codeOf(error) !== 'ESRCH';
  }
}

/** @param {unknown} error */
function codeOf(error) {
  return /** @type {NodeJS.ErrnoException} */ (error).code;
}
