import { cpus } from 'node:os';

declare module 'vitest' {
  interface TaskMeta {
    spent?: Spent;
  }
}

/** A test file's times in milliseconds. They overlap: kernels compile while a browser starts. */
export interface Spent {
  /** The time from the launch of browsers to their first pages with WebGPU. */
  readonly launching: number;
  /** The time in which Dawn compiles at least one pipeline in this process. Browsers' pipelines can't be observed here. */
  readonly compiling: number;
  /** The machine's idle time, averaged over the cores. */
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

/** Measures the time until the work has settled. If work of one kind overlaps, its time counts once. */
export async function spending<T>(activity: Activity, work: Promise<T>): Promise<T> {
  const entry = open[activity];
  if (entry.count++ === 0) entry.since = performance.now();
  try {
    return await work;
  } finally {
    if (--entry.count === 0) entry.total += performance.now() - entry.since;
  }
}

/** Starts to measure. The returned function returns the times since then. */
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
