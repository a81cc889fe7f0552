import { median } from '../../src/core/numbers/median';
import { timeQueue } from '../../src/gpu/timing';
import type { Stage } from './replays';

/** A stage with the times of its runs, in seconds, one for each round. */
export interface Sampled {
  readonly stage: Pick<Stage, 'executor' | 'reset' | 'run'>;
  readonly samples: number[];
}

/** Runs all stages in turns, so that other load on this machine affects all of them. Drops the first round's times: it compiles kernels. */
export async function takeTurns(
  all: readonly Sampled[],
  rounds: number,
  onProgress: ((done: number, total: number) => void) | undefined,
): Promise<void> {
  let done = 0;
  for (let round = 0; round <= rounds; round++) {
    for (const { stage, samples } of all) {
      stage.reset();
      const seconds = await timeQueue(stage.executor, () => stage.run(1), 1);
      if (round > 0) samples.push(seconds);
      done += 1;
      onProgress?.(done, (rounds + 1) * all.length);
    }
  }
}

/** Divides one stage's time by another's in each round, and returns the median. */
export function ratioOf({ samples }: Pick<Sampled, 'samples'>, to: Pick<Sampled, 'samples'>): number {
  return median(samples.map((seconds, round) => seconds / (to.samples[round] ?? Number.NaN)));
}
