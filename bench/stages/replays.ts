import { untilAborted } from '../../src/core/abort';
import { median } from '../../src/core/median';
import type { DeviceInfo } from '../../src/gpu/device';
import type { Executor } from '../../src/gpu/executor';
import { enoughRuns, type Queue, timeQueue } from '../../src/gpu/timing';
import type { Step } from '../../src/graph/graph';
import type { LoadedProgram } from '../../src/graph/runner';
import { workKey } from '../../src/graph/work';
import type { Timed } from './kernel_table';
import { bytesOf } from './traffic';

/** A dispatch that can be queued by itself. */
export interface StageStep {
  readonly program: LoadedProgram;
  /** Its index in there. */
  readonly index: number;
  readonly step: Step;
  readonly variant: string;
}

/** Programs that can be run as often as wanted, on a device of their own. */
export interface Stage {
  readonly executor: Executor;
  readonly info: DeviceInfo;
  /** Queues all of its programs. */
  run(times: number): void;
  /** Queues one dispatch by itself. */
  replay(step: StageStep, times: number): void;
  /** Puts what they change back to what it was, whatever was replayed over it. */
  reset(): void;
  close(): void;
}

export interface ReplayOptions {
  /** 5 */
  readonly rounds?: number;
  /** How long one sample lasts at least: 0.005 s, that of all programs ten times as long. */
  readonly sampleSeconds?: number | undefined;
  /** Called as samples are done. */
  readonly onProgress?: (done: number, total: number) => void;
  /** Rejects with its reason at once; what runs on the device ends with its submit. */
  readonly signal?: AbortSignal | undefined;
}

/** Seconds are medians over the rounds. */
interface ReplayTimes {
  /** Of all programs, queued one after the other. */
  readonly seconds: number;
  /** Different work among the steps, once each. */
  readonly timed: readonly Timed[];
  /** As they were given. */
  readonly apart: readonly Timed[];
}

interface Sampled {
  readonly queue: Queue;
  readonly samples: number[];
  /** In a sample. */
  runs: number;
}

interface Work extends Sampled {
  readonly like: StageStep;
  dispatches: number;
  bytes: number;
}

/** Of one dispatch in a submit. */
const MOST_REPEATS = 16_384;
const RUN_SAMPLE = 10;
const NOTHING: Queue = () => {};

/**
 * Times each of the steps replayed alone, in one submit with as many as last long enough, beside the whole. Those `apart`
 * are no part of it.
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
  // Those apart right after the whole, which they are there to be compared with.
  const all = [whole, ...others, ...own];
  // Reading takes its time, with nothing to wait for too: the shortest of those times.
  let waiting = await time(NOTHING, 1);
  const total = (rounds + 1) * all.length;
  let done = 0;
  const next = (): void => {
    done += 1;
    onProgress?.(done, total);
    signal?.throwIfAborted();
  };
  // Drivers may compile at the first use.
  stage.run(1);
  for (const one of all) {
    const long = one === whole ? RUN_SAMPLE * sampleSeconds : sampleSeconds;
    waiting = Math.min(waiting, await time(NOTHING, 1));
    // Twice, as a pause of the machine may pass for work.
    for (let attempt = 0; attempt < 2; attempt++) {
      const enough = enoughRuns(executor, one.queue, waiting + long, MOST_REPEATS);
      one.runs = Math.max(one.runs, (await untilAborted(enough, signal)).runs);
    }
    next();
  }
  // In turns, so that whatever else this machine does meets all of them.
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

/** Each different dispatch once. */
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
