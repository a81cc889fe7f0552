import { Graph } from '../../graph/graph';
import type { LoadedProgram, Runner } from '../../graph/runner';
import { pinned } from '../../graph/value';
import { totalFlops } from '../../graph/work';
import { linear } from '../../ops/products/linear';

/** x (N, K) · weight (M, K)ᵀ: of the size that layers of small models have, so that one takes a slow device 0.1 s at most. */
const [N, M, K] = [256, 512, 512];
/** Seconds after which the time that a result takes to arrive matters no more. */
const LONG = 0.2;
/** So many products take the fastest GPU that long. */
const MOST = 2 ** 14;

/** Floating-point operations a second of a device's products, of which steps mostly consist. */
export async function productSpeed(runner: Runner, signal: AbortSignal): Promise<number> {
  const g = new Graph();
  const [x, weight] = [pinned('x', [N, K]), pinned('weight', [M, K])];
  const done = pinned('done', [1]);
  linear(g, x, weight);
  const values = [x, weight, done];
  await runner.allocate(values);
  try {
    const program = await runner.load({ name: 'product speed', steps: g.steps, outputs: [] });
    try {
      await program.ready;
      return totalFlops(g.steps) / (await secondsOf(runner, program, done, signal));
    } finally {
      program.release();
    }
  } finally {
    runner.free(values);
  }
}

/** Seconds of one run: of as many as take long enough. */
async function secondsOf(
  runner: Runner,
  program: LoadedProgram,
  done: ReturnType<typeof pinned>,
  signal: AbortSignal,
): Promise<number> {
  // The first run may wait for its kernel.
  runner.run(program);
  await runner.read(done);
  for (let runs = 1; ; runs *= 4) {
    signal.throwIfAborted();
    const begun = performance.now();
    for (let run = 0; run < runs; run++) runner.run(program);
    await runner.read(done);
    const seconds = (performance.now() - begun) / 1000;
    if (seconds >= LONG || runs >= MOST) return seconds / runs;
  }
}
