import type { LoadedProgram, Runner } from '../graph/runner';
import { pinned } from '../graph/value';

/** Resolves once all queued work is finished. It reads a value, because a runner reports the end of its work only by a read. */
export async function finished(runner: Runner): Promise<void> {
  await timeQueue(runner, () => {}, 0);
}

/** Queues work `runs` times. */
export type Queue = (runs: number) => void;

/** Returns the seconds until the work that `queue` queues is finished. */
export async function timeQueue(runner: Runner, queue: Queue, runs: number): Promise<number> {
  const done = pinned('done', [1]);
  await runner.allocate([done]);
  try {
    const start = performance.now();
    queue(runs);
    await runner.read(done);
    return (performance.now() - start) / 1000;
  } finally {
    runner.free([done]);
  }
}

/** Returns the seconds that one run takes, averaged over as many runs as take `atLeast` seconds. */
export async function secondsPerRun(runner: Runner, program: LoadedProgram, atLeast: number): Promise<number> {
  const queue = (count: number): void => {
    for (let run = 0; run < count; run++) runner.run(program);
  };
  const { seconds, runs } = await enoughRuns(runner, queue, atLeast);
  return seconds / runs;
}

/** Repeats until the runs take `atLeast` seconds or there are `most` of them. Returns their number and duration. */
export async function enoughRuns(
  runner: Runner,
  queue: Queue,
  atLeast: number,
  most = Number.POSITIVE_INFINITY,
): Promise<{ readonly runs: number; readonly seconds: number }> {
  for (let runs = 1; ; ) {
    const seconds = await timeQueue(runner, queue, runs);
    if (seconds >= atLeast || runs >= most) return { runs, seconds };
    runs = Math.min(most, Math.ceil(runs * Math.min(16, (1.2 * atLeast) / Math.max(seconds, 1e-4))));
  }
}
