import { untilAborted } from '../../src/core/async/abort';
import { median } from '../../src/core/numbers/median';
import { chooseVariant } from '../../src/gpu/choice/choice';
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

/** Programs (lists of dispatches) that can run repeatedly, on a device of their own. */
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

/** Returns a program's dispatches. */
export function stepsOf(program: LoadedProgram, info: DeviceInfo): StageStep[] {
  return program.program.steps.map((step, index) => {
    return { program, index, step, variant: chooseVariant(step, info).name };
  });
}

export interface ReplayOptions {
  /** The number of samples of each measurement. Default: 5. */
  readonly rounds?: number;
  /** Shortest duration of a sample of one dispatch, in seconds; samples of all programs last ten times as long. Default: 0.005. */
  readonly sampleSeconds?: number | undefined;
  /** Called after each sample. */
  readonly onProgress?: (done: number, total: number) => void;
  /** An abort rejects the measurement at once with the signal's reason. The device still finishes the current submit. */
  readonly signal?: AbortSignal | undefined;
}

/** The times that `timeReplays` measures. All seconds are medians over the rounds. */
interface ReplayTimes {
  /** Time of all programs, queued one after the other. */
  readonly seconds: number;
  /** One entry for each group of dispatches with equal work. */
  readonly timed: readonly Timed[];
  /** One entry for each dispatch in the argument `apart`, in the same order. */
  readonly apart: readonly Timed[];
}

interface Sampled {
  readonly queue: Queue;
  readonly samples: number[];
  /** The number of times that `queue` is repeated in one sample. */
  runs: number;
}

interface Work extends Sampled {
  readonly like: StageStep;
  dispatches: number;
  bytes: number;
}

/** The most repetitions in one sample. */
const MOST_REPEATS = 16_384;
const RUN_SAMPLE = 10;
const NOTHING: Queue = () => {};

/**
 * Measures the time of all programs of a stage together, and of each dispatch in `steps` and `apart` alone. Each sample repeats its work
 * until it lasts long enough to measure. The dispatches in `apart` don't belong to the programs.
 */
export async function timeReplays(
  stage: Stage,
  { steps, apart }: { readonly steps: readonly StageStep[]; readonly apart: readonly StageStep[] },
  { rounds = 5, sampleSeconds = 0.005, onProgress, signal }: ReplayOptions,
): Promise<ReplayTimes> {
  const { executor } = stage;
  const time = (queue: Queue, runs: number): Promise<number> => untilAborted(timeQueue(executor, queue, runs), signal);
  const own = differentWork(stage, steps);
  const others = apart.map((like) => newWork(stage, like));
  const whole: Sampled = { queue: (times) => stage.run(times), samples: [], runs: 0 };
  // The dispatches in `apart` (`others`) are compared with the whole programs, so they are measured right after them.
  const all = [whole, ...others, ...own];
  // Waiting for the queue takes time even if it is empty. The shortest such time is subtracted from each sample.
  let waiting = await time(NOTHING, 1);
  const total = (rounds + 1) * all.length;
  let done = 0;
  const next = (): void => {
    done += 1;
    onProgress?.(done, total);
    signal?.throwIfAborted();
  };
  // This run isn't measured, because drivers may compile a kernel at its first use.
  stage.run(1);
  for (const one of all) {
    const long = one === whole ? RUN_SAMPLE * sampleSeconds : sampleSeconds;
    waiting = Math.min(waiting, await time(NOTHING, 1));
    // Estimates the number of repetitions twice, and takes the larger one: a pause of the machine makes an estimate too small.
    for (let attempt = 0; attempt < 2; attempt++) {
      const enough = enoughRuns(executor, one.queue, waiting + long, MOST_REPEATS);
      one.runs = Math.max(one.runs, (await untilAborted(enough, signal)).runs);
    }
    next();
  }
  // Takes the samples in turns, so that other load on this machine affects all of them.
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

/** Groups dispatches with equal work into one entry. */
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
