import { secondsPerRun } from '../../gpu/timing';
import { Graph } from '../../graph/graph';
import type { Runner } from '../../graph/runner';
import { pinned } from '../../graph/value';
import { totalFlops } from '../../graph/work';
import { linear } from '../../ops/products/linear';

/** The shape of the measured matrix product, x (N, K) · weight (M, K)ᵀ, as in a small model. A slow device takes 0.1 s at most. */
const [N, M, K] = [256, 512, 512];
/** The measurement takes at least this many seconds, so that the latency of a readback is negligible. */
const LONG = 0.2;

/**
 * Measures the floating-point operations per second in matrix products, which are most of a step's work. Rejects with `signal.reason` when
 * aborted.
 */
export async function productSpeed(runner: Runner, signal: AbortSignal): Promise<number> {
  const g = new Graph();
  const values = [pinned('x', [N, K]), pinned('weight', [M, K])] as const;
  linear(g, ...values);
  await runner.allocate(values);
  try {
    const program = await runner.load({ name: 'product speed', steps: g.steps, outputs: [] });
    try {
      await program.ready;
      signal.throwIfAborted();
      return totalFlops(g.steps) / (await secondsPerRun(runner, program, LONG));
    } finally {
      program.release();
    }
  } finally {
    runner.free(values);
  }
}
