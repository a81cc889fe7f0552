import { median } from '../../src/core/numbers/median';
import { finished } from '../../src/gpu/timing';
import { TrainingStage, type TrainingStageOptions } from '../stages/training_stage';

/** The costs of a training step for the thread that encodes it. */
export interface HostTime {
  readonly dispatches: number;
  readonly submits: number;
  /** Milliseconds of CPU time until a step is submitted: the least of the rounds, and their median. */
  readonly ms: { readonly min: number; readonly median: number };
}

const ROUNDS = 15;
const STEPS = 20;

/**
 * Measures how long a thread takes to encode and submit a step, which reads nothing back. `gpu` is a device that computes nothing, so that
 * the thread never waits; `cpuTime` returns the process' CPU time so far, in milliseconds.
 */
export async function measureHost(gpu: GPU, options: TrainingStageOptions, cpuTime: () => number): Promise<HostTime> {
  const stage = await TrainingStage.open(gpu, options);
  try {
    const { executor } = stage;
    // The executor submits little work at once until it has timed some submits.
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
    // `finished` waits by a read, which is a submit for each round.
    const submits = (executor.usage().submits - before - ROUNDS) / (ROUNDS * STEPS);
    return { dispatches: stage.steps().length, submits, ms: { min: Math.min(...samples), median: median(samples) } };
  } finally {
    stage.close();
  }
}
