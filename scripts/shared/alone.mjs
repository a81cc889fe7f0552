// One process at a time, by a file that says which.
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { setTimeout } from 'node:timers/promises';
import { onExit } from './processes.mjs';

/** Milliseconds between looks at whether it is free. */
const PAUSE = 200;

/**
 * Runs `body` once no other process does, as far as all ask by the same file. One that died without a word holds nothing up.
 * @template T
 * @param {string} file in a folder that is there
 * @param {(message: string) => void} tell
 * @param {() => Promise<T>} body
 * @returns {Promise<T>}
 */
export async function alone(file, tell, body) {
  for (let told = false; !take(file); told = true) {
    if (!told) tell(`Another process is at it: waiting. If there is none, remove ${file}.`);
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
    // Empty for a moment, which is 0, this process's own group.
    process.kill(Number(readFileSync(file, 'utf8')), 0);
    return true;
  } catch (error) {
    // Gone is the file, or else the process; another user's may not be asked.
    return codeOf(error) !== 'ESRCH';
  }
}

/** @param {unknown} error */
function codeOf(error) {
  return /** @type {NodeJS.ErrnoException} */ (error).code;
}
