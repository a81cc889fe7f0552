import type { Runner, RunnerUsage } from '../graph/runner';

/** Counts the work of a run's steps on the device. */
export class UsageMeter {
  readonly #runner: Runner;
  #before: RunnerUsage;

  constructor(runner: Runner) {
    this.#runner = runner;
    this.#before = runner.usage();
  }

  /** Resets the counters: earlier work doesn't count. */
  start(): void {
    this.#before = this.#runner.usage();
  }

  metrics(steps: number): Record<string, number> {
    const [before, after] = [this.#before, this.#runner.usage()];
    return {
      dispatches_per_step: (after.dispatches - before.dispatches) / steps,
      submits_per_step: (after.submits - before.submits) / steps,
      flops_per_step: (after.flops - before.flops) / steps,
      gpu_bytes: after.bytes,
      peak_gpu_bytes: after.peakBytes,
    };
  }
}
