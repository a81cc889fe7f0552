import type { DeviceInfo } from '../gpu/device';
import { workKey } from './kernel_sizes';
import { type KernelShare, kernelTable, type Timed } from './kernel_table';
import { enoughRuns, median, type Queue, timeQueue } from './timing';
import { type StageStep, TrainingStage } from './training_stage';

export interface KernelBenchOptions {
  /** config.json and weights. */
  readonly files: ReadonlyMap<string, Blob>;
  readonly r: number;
  readonly target_modules: readonly string[];
  /** Rows of a step. */
  readonly batch: number;
  /** Tokens of a row. */
  readonly tokens: number;
  /** 5 */
  readonly rounds?: number;
  /** How long one sample lasts at least: 0.005 s, the step's ten times as long. */
  readonly sampleSeconds?: number;
  /** Called as samples are done. */
  readonly onProgress?: (done: number, total: number) => void;
  /** Rejects with its reason, between samples. */
  readonly signal?: AbortSignal;
}

/** Seconds are medians over the rounds. */
export interface KernelReport {
  readonly r: number;
  /** Steps queued one after the other: seconds, dispatches and floating-point operations of one. */
  readonly step: { readonly seconds: number; readonly dispatches: number; readonly flops: number };
  /** The longest first. */
  readonly kernels: readonly KernelShare[];
  /** What the step takes beyond all of its dispatches by themselves: below 0 where they help each other. */
  readonly outside: { readonly seconds: number; readonly share: number };
  readonly device: DeviceInfo;
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
}

/** Of one dispatch in a submit. */
const MOST_REPEATS = 16_384;
const STEP_SAMPLE = 10;
const NOTHING: Queue = () => {};

/**
 * Where the time of a training step goes: each of its dispatches replayed alone, in one submit with as many as last long
 * enough, beside the step as a whole. Opens a device of its own and closes it. Throws `unsupported_device`.
 */
export async function measureKernels(
  gpu: GPU | undefined,
  { rounds = 5, sampleSeconds = 0.005, onProgress, signal, ...options }: KernelBenchOptions,
): Promise<KernelReport> {
  signal?.throwIfAborted();
  const stage = await TrainingStage.open(gpu, options);
  const { executor, host } = stage.stage;
  try {
    const works = differentWork(stage);
    const step: Sampled = { queue: (times) => stage.run(times), samples: [], runs: 0 };
    // Reading takes its time, with nothing to wait for too: the shortest of those times.
    let waiting = await timeQueue(executor, NOTHING, 1);
    const total = (rounds + 1) * (works.length + 1);
    let done = 0;
    const next = (): void => {
      done += 1;
      onProgress?.(done, total);
      signal?.throwIfAborted();
    };
    // Drivers may compile at the first use.
    stage.run(1);
    for (const one of [step, ...works]) {
      const long = one === step ? STEP_SAMPLE * sampleSeconds : sampleSeconds;
      waiting = Math.min(waiting, await timeQueue(executor, NOTHING, 1));
      one.runs = (await enoughRuns(executor, one.queue, waiting + long, MOST_REPEATS)).runs;
      next();
    }
    // In turns, so that whatever else this machine does meets all of them.
    for (let round = 0; round < rounds; round++) {
      stage.reset();
      for (const one of [step, ...works]) {
        const seconds = await timeQueue(executor, one.queue, one.runs);
        one.samples.push((seconds - waiting) / one.runs);
        next();
      }
    }
    return { r: options.r, ...report(stage, median(step.samples), works), device: host.info };
  } finally {
    stage.close();
  }
}

/** Each different dispatch once. */
function differentWork(stage: TrainingStage): Work[] {
  const works = new Map<string, Work>();
  for (const like of stage.steps()) {
    const key = `${like.variant} ${workKey(like.step)}`;
    const work = works.get(key) ?? {
      like,
      dispatches: 0,
      queue: (times: number) => stage.replay(like, times),
      samples: [],
      runs: 0,
    };
    work.dispatches += 1;
    works.set(key, work);
  }
  return [...works.values()];
}

function report(
  stage: TrainingStage,
  seconds: number,
  works: readonly Work[],
): Pick<KernelReport, 'step' | 'kernels' | 'outside'> {
  const timed: Timed[] = works.map(({ like: { step, variant }, dispatches, samples }) => ({
    kernel: step.kernel,
    params: step.params,
    variant,
    dispatches,
    seconds: median(samples),
  }));
  const kernels = kernelTable(timed, seconds);
  const outside = seconds - kernels.reduce((sum, kernel) => sum + kernel.seconds, 0);
  return {
    step: { seconds, dispatches: stage.steps().length, flops: stage.flops },
    kernels,
    outside: { seconds: outside, share: outside / seconds },
  };
}
