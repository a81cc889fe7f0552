import { cpus } from 'node:os';

declare module 'vitest' {
  interface TaskMeta {
    spent?: Spent;
  }
}

/** Milliseconds of a test file. They overlap: kernels compile while a browser starts. */
export interface Spent {
  /** From a browser's launch to its first page with WebGPU. */
  readonly launching: number;
  /** Time with at least one pipeline pending on Dawn's device in this process. Pipelines of browsers can't be observed here. */
  readonly compiling: number;
  /** Idle time of the machine's cores, averaged over the cores. */
  readonly idle: number;
}

type Activity = 'launching' | 'compiling';

interface Open {
  count: number;
  since: number;
  total: number;
}

const open: Readonly<Record<Activity, Open>> = {
  launching: { count: 0, since: 0, total: 0 },
  compiling: { count: 0, since: 0, total: 0 },
};

/** Counts the time until the work has settled, once for all work of one kind that overlaps. */
export async function spending<T>(activity: Activity, work: Promise<T>): Promise<T> {
  const entry = open[activity];
  if (entry.count++ === 0) entry.since = performance.now();
  try {
    return await work;
  } finally {
    if (--entry.count === 0) entry.total += performance.now() - entry.since;
  }
}

/** Starts counting. The returned function gives the times since then. */
export function startSpending(): () => Spent {
  const totals = { launching: open.launching.total, compiling: open.compiling.total };
  const begun = idleTime();
  return () => ({
    launching: open.launching.total - totals.launching,
    compiling: open.compiling.total - totals.compiling,
    idle: idleTime() - begun,
  });
}

function idleTime(): number {
  const cores = cpus();
  return cores.reduce((sum, { times }) => sum + times.idle, 0) / cores.length;
}
