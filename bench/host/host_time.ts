import { median } from '../../src/core/numbers/median';
import { finished } from '../../src/gpu/timing';
import { openTrainingStage, type TrainingStageOptions } from '../stages/training_stage';

/** The work of the thread that encodes and submits a training step. */
export interface HostTime {
  readonly dispatches: number;
  readonly submits: number;
  /** The CPU time to encode and submit one step, in milliseconds: the minimum and the median over the rounds. */
  readonly ms: { readonly min: number; readonly median: number };
}

const ROUNDS = 15;
const STEPS = 20;

/**
 * Measures the CPU time that a thread needs to encode and submit a training step that reads nothing back. `gpu` must be an implementation
 * that computes nothing, so that the thread never waits. `cpuTime` returns the CPU time that the process has used so far, in milliseconds.
 */
export async function measureHost(gpu: GPU, options: TrainingStageOptions, cpuTime: () => number): Promise<HostTime> {
  const stage = await openTrainingStage(gpu, options);
  try {
    const { executor } = stage;
    // These steps aren't measured: until the executor has timed some submits, it submits only a little work at a time.
    for (let warm = 0; warm < STEPS; warm++) {
      stage.run(1);
      await finished(executor);
    }
    const before = executor.usage().submits;
    const samples: number[] = [];
    for (let round = 0; round < ROUNDS; round++) {
      const start = cpuTime();
      stage.run(STEPS);
      samples.push((cpuTime() - start) / STEPS);
      await finished(executor);
    }
    // `finished` waits by reading a buffer, which adds one submit per round.
    const submits = (executor.usage().submits - before - ROUNDS) / (ROUNDS * STEPS);
    return { dispatches: stage.steps.length, submits, ms: { min: Math.min(...samples), median: median(samples) } };
  } finally {
    stage.close();
  }
}
