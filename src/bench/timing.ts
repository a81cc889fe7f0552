import type { LoadedProgram, Runner } from '../graph/runner';
import { pinned } from '../graph/value';

const DONE = pinned('done', [1]);

/** Resolves once all that is queued is done: only reading something tells. */
export async function finished(runner: Runner): Promise<void> {
  await runner.allocate([DONE]);
  await runner.read(DONE);
}

/** Seconds that `runs` runs take in all. */
export async function timeRuns(runner: Runner, program: LoadedProgram, runs: number): Promise<number> {
  await runner.allocate([DONE]);
  const start = performance.now();
  for (let i = 0; i < runs; i++) runner.run(program);
  await runner.read(DONE);
  return (performance.now() - start) / 1000;
}

/** Seconds of one run, over as many as last `atLeast` seconds. */
export async function secondsPerRun(runner: Runner, program: LoadedProgram, atLeast: number): Promise<number> {
  for (let runs = 1; ; ) {
    const elapsed = await timeRuns(runner, program, runs);
    if (elapsed >= atLeast) return elapsed / runs;
    runs = Math.ceil(runs * Math.min(16, (1.2 * atLeast) / Math.max(elapsed, 1e-4)));
  }
}

export function median(numbers: readonly number[]): number {
  const sorted = numbers.toSorted((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? 0;
}
