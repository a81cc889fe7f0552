import { untilAborted } from '../../src/core/abort';
import { WebVeraError } from '../../src/core/error';
import { median } from '../../src/core/median';
import { chooseVariant, eligibleVariants } from '../../src/gpu/choice';
import { DeviceHost, type DeviceInfo } from '../../src/gpu/device';
import { Executor } from '../../src/gpu/executor';
import { secondsPerRun, timeRuns } from '../../src/gpu/timing';
import type { LoadedProgram } from '../../src/graph/runner';
import { linearForward } from '../../src/ops/products/linear';
import { type GemmShape, productSteps } from './product';

export interface GemmRate {
  /** The kernel's family of tiles. */
  readonly variant: string;
  readonly shape: GemmShape;
  /** Floating-point operations per second, two for each multiply-add: the median of `samples`. */
  readonly flopsPerSecond: number;
  readonly samples: number;
}

export interface GemmReport {
  readonly best: GemmRate;
  /** Every variant at every shape. Those that fell behind in the first round have one sample. */
  readonly rates: readonly GemmRate[];
  readonly device: DeviceInfo;
}

export interface GemmOptions {
  /** 256×896×896 and 512×512×512. */
  readonly shapes?: readonly GemmShape[];
  /** f16: its tiles are measured, too. Default: f32. */
  readonly arithmetic?: 'f32' | 'f16' | undefined;
  /** How long one sample lasts at least: 0.2 s. */
  readonly sampleSeconds?: number;
  /** 5 */
  readonly samples?: number;
  /** Called as samples are done. */
  readonly onProgress?: (done: number, total: number) => void;
  /** Rejects with its reason at once; what runs on the device ends with its submit. */
  readonly signal?: AbortSignal | undefined;
}

const SHAPES: readonly GemmShape[] = [
  { rows: 256, columns: 896, inner: 896 },
  { rows: 512, columns: 512, inner: 512 },
];

/** A program holds so much work that starting it costs nothing beside it. */
const PROGRAM_FLOPS = 1e9;
const MOST_REPEATS = 64;

/** After the first round only so many go on. */
const FINALISTS = 3;

interface Candidate {
  readonly variant: string;
  readonly shape: GemmShape;
  readonly executor: Executor;
  /** The same product several times. */
  readonly program: LoadedProgram;
  readonly samples: number[];
}

/**
 * What the library's own matrix product reaches on this device: the scale on which a training step is to be judged.
 * Opens a device of its own and closes it. Throws `unsupported_device` without WebGPU, and `invalid_argument` without
 * shapes.
 */
export async function measureGemm(
  gpu: GPU | undefined,
  { shapes = SHAPES, arithmetic, sampleSeconds = 0.2, samples = 5, onProgress, signal }: GemmOptions = {},
): Promise<GemmReport> {
  signal?.throwIfAborted();
  const host = await DeviceHost.open(gpu, { arithmetic });
  try {
    const candidates = await untilAborted(prepare(host, shapes), signal);
    const total = candidates.length + Math.min(FINALISTS, candidates.length) * (samples - 1);
    let done = 0;
    const take = async (candidate: Candidate): Promise<void> => {
      candidate.samples.push(await untilAborted(sample(candidate, sampleSeconds), signal));
      done += 1;
      onProgress?.(done, total);
    };
    for (const candidate of candidates) {
      // Drivers may compile at the first use.
      await untilAborted(timeRuns(candidate.executor, candidate.program, 1), signal);
      await take(candidate);
    }
    const finalists = candidates.toSorted((a, b) => median(b.samples) - median(a.samples)).slice(0, FINALISTS);
    // In turns, so that whatever else this machine does meets all of them.
    for (let round = 1; round < samples; round++) {
      for (const candidate of finalists) await take(candidate);
    }
    const [best] = finalists.toSorted((a, b) => median(b.samples) - median(a.samples));
    if (best === undefined) throw new WebVeraError('invalid_argument', 'shapes: expected at least one, got none');
    return { best: rateOf(best), rates: candidates.map(rateOf), device: host.info };
  } finally {
    host.close();
  }
}

async function prepare(host: DeviceHost, shapes: readonly GemmShape[]): Promise<Candidate[]> {
  const candidates: Candidate[] = [];
  for (const shape of shapes) {
    for (const variant of variantsFor(shape, host.info)) {
      const choose: typeof chooseVariant = (step, info) =>
        eligibleVariants(step, info).find(({ name }) => name === variant) ?? chooseVariant(step, info);
      const executor = new Executor(host, { choose });
      const steps = productSteps(executor, shape, productsOf(shape));
      const program = await executor.load({ name: 'products', steps, outputs: [] });
      candidates.push({ variant, shape, executor, program, samples: [] });
    }
  }
  return candidates;
}

function variantsFor({ rows, columns, inner }: GemmShape, info: DeviceInfo): string[] {
  const params = { N: rows, M: columns, K: inner, stride: inner, has_bias: 0, has_residual: 0 };
  return eligibleVariants({ kernel: linearForward.kernel('vec4', 'f32'), params }, info).map(({ name }) => name);
}

function productsOf({ rows, columns, inner }: GemmShape): number {
  const enough = Math.round(PROGRAM_FLOPS / (2 * rows * columns * inner));
  return Math.min(Math.max(1, enough), MOST_REPEATS);
}

/** Operations per second, over at least `seconds` of work. */
async function sample({ executor, program }: Candidate, seconds: number): Promise<number> {
  return program.flops / (await secondsPerRun(executor, program, seconds));
}

function rateOf({ variant, shape, samples }: Candidate): GemmRate {
  return { variant, shape, flopsPerSecond: median(samples), samples: samples.length };
}
