import { untilAborted } from '../../src/core/async/abort';
import { median } from '../../src/core/numbers/median';
import type { DeviceInfo } from '../../src/gpu/device_host';
import type { Executor } from '../../src/gpu/executor';
import { enoughRuns, type Queue, timeQueue } from '../../src/gpu/timing';
import type { LoadedProgram } from '../../src/graph/runner';
import type { Step } from '../../src/graph/step';
import { workKey } from '../../src/graph/work';
import type { Timed } from './kernel_table';
import { bytesOf } from './traffic';

/** A dispatch that can be queued alone. */
export interface StageStep {
  readonly program: LoadedProgram;
  /** Index of the dispatch in the program. */
  readonly index: number;
  readonly step: Step;
  readonly variant: string;
}

/** Programs on a device of their own, which can be run any number of times. */
export interface Stage {
  readonly executor: Executor;
  readonly info: DeviceInfo;
  /** Queues all programs, `times` times. */
  run(times: number): void;
  /** Queues one dispatch alone, `times` times. */
  replay(step: StageStep, times: number): void;
  /** Restores the values that runs and replays change. */
  reset(): void;
  close(): void;
}

export interface ReplayOptions {
  /** Default: 5. */
  readonly rounds?: number;
  /** Shortest duration of a sample, in seconds; a sample of all programs is ten times as long. Default: 0.005. */
  readonly sampleSeconds?: number | undefined;
  /** Called after each sample. */
  readonly onProgress?: (done: number, total: number) => void;
  /** Rejects at once with the signal's reason. Work that the device has begun ends with its submit. */
  readonly signal?: AbortSignal | undefined;
}

/** Seconds are medians over the rounds. */
interface ReplayTimes {
  /** Time of all programs, queued one after the other. */
  readonly seconds: number;
  /** The steps with different work, each once. */
  readonly timed: readonly Timed[];
  /** The steps that were given as `apart`, in the same order. */
  readonly apart: readonly Timed[];
}

interface Sampled {
  readonly queue: Queue;
  readonly samples: number[];
  /** Runs in one sample. */
  runs: number;
}

interface Work extends Sampled {
  readonly like: StageStep;
  dispatches: number;
  bytes: number;
}

/** Most repeats of one dispatch in a submit. */
const MOST_REPEATS = 16_384;
const RUN_SAMPLE = 10;
const NOTHING: Queue = () => {};

/**
 * Times all programs of a stage together, and each of `steps` and `apart` replayed alone, in submits that last long enough. The dispatches
 * of `apart` are no part of the programs.
 */
export async function timeReplays(
  stage: Stage,
  { steps, apart = [] }: { readonly steps: readonly StageStep[]; readonly apart?: readonly StageStep[] },
  { rounds = 5, sampleSeconds = 0.005, onProgress, signal }: ReplayOptions,
): Promise<ReplayTimes> {
  const { executor } = stage;
  const time = (queue: Queue, runs: number): Promise<number> => untilAborted(timeQueue(executor, queue, runs), signal);
  const own = differentWork(stage, steps);
  const others = apart.map((like) => newWork(stage, like));
  const whole: Sampled = { queue: (times) => stage.run(times), samples: [], runs: 0 };
  // The steps apart come right after the whole, with which they are compared.
  const all = [whole, ...others, ...own];
  // Waiting for an empty queue takes time too: samples are corrected by the shortest such time.
  let waiting = await time(NOTHING, 1);
  const total = (rounds + 1) * all.length;
  let done = 0;
  const next = (): void => {
    done += 1;
    onProgress?.(done, total);
    signal?.throwIfAborted();
  };
  // Drivers may compile a kernel at its first use.
  stage.run(1);
  for (const one of all) {
    const long = one === whole ? RUN_SAMPLE * sampleSeconds : sampleSeconds;
    waiting = Math.min(waiting, await time(NOTHING, 1));
    // Twice, because a pause of the machine looks like a long run.
    for (let attempt = 0; attempt < 2; attempt++) {
      const enough = enoughRuns(executor, one.queue, waiting + long, MOST_REPEATS);
      one.runs = Math.max(one.runs, (await untilAborted(enough, signal)).runs);
    }
    next();
  }
  // In turns, so that other load on this machine affects all of them.
  for (let round = 0; round < rounds; round++) {
    stage.reset();
    for (const one of all) {
      const seconds = await time(one.queue, one.runs);
      one.samples.push((seconds - waiting) / one.runs);
      next();
    }
  }
  return { seconds: median(whole.samples), timed: own.map(timedOf), apart: others.map(timedOf) };
}

/** Dispatches with equal work are one entry. */
function differentWork(stage: Stage, steps: readonly StageStep[]): Work[] {
  const works = new Map<string, Work>();
  for (const like of steps) {
    const key = `${like.variant} ${workKey(like.step)}`;
    const known = works.get(key);
    if (known === undefined) {
      works.set(key, newWork(stage, like));
    } else {
      known.dispatches += 1;
      known.bytes += bytesOf(like.step);
    }
  }
  return [...works.values()];
}

function newWork(stage: Stage, like: StageStep): Work {
  const queue: Queue = (times) => stage.replay(like, times);
  return { like, dispatches: 1, bytes: bytesOf(like.step), queue, samples: [], runs: 0 };
}

function timedOf({ like: { step, variant }, dispatches, bytes, samples }: Work): Timed {
  return { kernel: step.kernel, params: step.params, variant, dispatches, bytes, seconds: median(samples) };
}
