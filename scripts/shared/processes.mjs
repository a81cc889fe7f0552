// What must happen before this process ends, however it ends.
import { rmSync } from 'node:fs';

/** @typedef {() => void} Cleanup */

/** @type {Set<Cleanup>} */
const pending = new Set();
const SIGNALS = /** @type {const} */ ({ SIGINT: 2, SIGTERM: 15, SIGHUP: 1 });

/**
 * Runs `cleanup` when the returned function is called, or else when this process ends. The latest runs first.
 * @param {Cleanup} cleanup synchronous
 * @returns {Cleanup}
 */
export function onExit(cleanup) {
  if (pending.size === 0) listen();
  pending.add(cleanup);
  return () => {
    if (!pending.delete(cleanup)) return;
    cleanup();
    if (pending.size === 0) ignore();
  };
}

/**
 * Ends a process and all that it started.
 * @param {import('node:child_process').ChildProcess | null} child the leader of a process group, where groups exist
 */
export function kill(child) {
  if (child?.pid === undefined || child.exitCode !== null || child.signalCode !== null) return;
  try {
    process.kill(process.platform === 'win32' ? child.pid : -child.pid, 'SIGKILL');
  } catch {
    child.kill('SIGKILL');
  }
}

/** @param {string} folder a browser's profile: files may still appear in it for a moment */
export function remove(folder) {
  rmSync(folder, { recursive: true, force: true, maxRetries: 20, retryDelay: 50 });
}

function runAll() {
  for (const cleanup of [...pending].reverse()) {
    pending.delete(cleanup);
    try {
      cleanup();
    } catch {
      // The others must run.
    }
  }
}

/** @param {NodeJS.Signals} signal */
function onSignal(signal) {
  runAll();
  process.exit(128 + (SIGNALS[/** @type {keyof typeof SIGNALS} */ (signal)] ?? 0));
}

function listen() {
  process.on('exit', runAll);
  for (const signal of Object.keys(SIGNALS)) process.on(signal, onSignal);
}

function ignore() {
  process.off('exit', runAll);
  for (const signal of Object.keys(SIGNALS)) process.off(signal, onSignal);
}
