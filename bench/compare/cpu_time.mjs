// Measures the CPU time of a program that consists of several processes.
import { readdirSync, readFileSync } from 'node:fs';

/** The number of clock ticks per second in Linux's /proc, which is the same on every architecture. */
const TICKS = 100;

/**
 * Returns the CPU seconds that a process and its descendants have used so far, on all cores; NaN on systems without /proc.
 * @param {number} root the process's id
 */
export function cpuSecondsOfTree(root) {
  /** @type {Map<number, { parent: number, ticks: number }>} */
  const processes = new Map();
  for (const name of list('/proc')) {
    const pid = Number(name);
    const found = Number.isInteger(pid) ? read(pid) : undefined;
    if (found !== undefined) processes.set(pid, found);
  }
  if (!processes.has(root)) return Number.NaN;
  const belongs = (/** @type {number} */ pid) => {
    for (let id = pid; id > 1; id = processes.get(id)?.parent ?? 0) if (id === root) return true;
    return false;
  };
  return [...processes].reduce((sum, [pid, { ticks }]) => sum + (belongs(pid) ? ticks : 0), 0) / TICKS;
}

/** @param {number} pid */
function read(pid) {
  try {
    // The second field, the program's name, may contain spaces and brackets.
    const fields = readFileSync(`/proc/${pid}/stat`, 'utf8')
      .replace(/^.*\) /s, '')
      .split(' ')
      .map(Number);
    const [, parent = 0] = fields;
    // Adds up utime and stime of the process, and cutime and cstime of its children that have ended.
    return { parent, ticks: fields.slice(11, 15).reduce((sum, ticks) => sum + ticks, 0) };
  } catch {
    return undefined;
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
