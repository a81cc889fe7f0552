// Cleans up before this process ends, also after SIGINT, SIGTERM or SIGHUP.
import { rmSync } from 'node:fs';

/** @typedef {() => void} Cleanup */

const SIGNALS = /** @type {const} */ ({ SIGINT: 2, SIGTERM: 15, SIGHUP: 1 });

/**
 * Runs `cleanup` when the returned function is called, or when this process ends. At the process's end, the latest cleanup runs first.
 * @param {Cleanup} cleanup synchronous
 * @returns {Cleanup}
 */
export function onExit(cleanup) {
  const run = () => {
    try {
      cleanup();
    } catch {
      // An error must not keep the other cleanups from running.
    }
  };
  // Each cleanup adds a listener. Without a higher limit, Node would report many of them as a leak.
  process.setMaxListeners(process.getMaxListeners() + 1);
  process.prependListener('exit', run);
  for (const signal of Object.keys(SIGNALS)) process.on(signal, end);
  let isPending = true;
  return () => {
    if (!isPending) return;
    isPending = false;
    process.off('exit', run);
    for (const signal of Object.keys(SIGNALS)) process.off(signal, end);
    process.setMaxListeners(process.getMaxListeners() - 1);
    cleanup();
  };
}

/** Ends this process after a signal. `process.exit` runs the cleanups, which listen to `exit`. @param {NodeJS.Signals} signal */
function end(signal) {
  process.exit(128 + (SIGNALS[/** @type {keyof typeof SIGNALS} */ (signal)] ?? 0));
}

/**
 * Ends a process and all processes that it started.
 * @param {import('node:child_process').ChildProcess | null} child the leader of a process group, on systems with groups
 */
export function kill(child) {
  if (child?.pid === undefined || child.exitCode !== null || child.signalCode !== null) return;
  try {
    process.kill(process.platform === 'win32' ? child.pid : -child.pid, 'SIGKILL');
  } catch {
    child.kill('SIGKILL');
  }
}

/** Removes a folder. Retries, because files may still appear, for example in a browser's profile. @param {string} folder */
export function remove(folder) {
  rmSync(folder, { recursive: true, force: true, maxRetries: 20, retryDelay: 50 });
}
