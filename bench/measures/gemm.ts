import { untilAborted } from '../../src/core/async/abort';
import { WebVeraError } from '../../src/core/errors/error';
import { median } from '../../src/core/numbers/median';
import { chooseVariant, eligibleVariants } from '../../src/gpu/choice/choice';
import { DeviceHost, type DeviceInfo } from '../../src/gpu/device_host';
import { Executor } from '../../src/gpu/executor';
import { finished, secondsPerRun } from '../../src/gpu/timing';
import type { LoadedProgram } from '../../src/graph/runner';
import { linearForward } from '../../src/ops/products/linear';
import { type GemmShape, productSteps } from './product';

export interface GemmRate {
  /** The name of the kernel's variant, which says how the variant divides matrices into tiles. */
  readonly variant: string;
  readonly shape: GemmShape;
  /** Floating-point operations per second, two for each multiply-add: the median of `samples` samples. */
  readonly flopsPerSecond: number;
  readonly samples: number;
}

export interface GemmReport {
  readonly best: GemmRate;
  /** The rates of each variant at each shape. Only the three fastest candidates have several samples, the others have one. */
  readonly rates: readonly GemmRate[];
  readonly device: DeviceInfo;
}

export interface GemmOptions {
  /** The sizes of the matrix products: rows × columns × inner size. Default: 256×896×896 and 512×512×512. */
  readonly shapes?: readonly GemmShape[];
  /** With f16, variants that multiply in f16 are measured, too. Default: f32. */
  readonly arithmetic?: 'f32' | 'f16' | undefined;
  /** The minimum duration of a sample, in seconds. Default: 0.2. */
  readonly sampleSeconds?: number;
  /** The number of samples for the fastest candidates. Default: 5. */
  readonly samples?: number;
  /** Called after each sample. */
  readonly onProgress?: (done: number, total: number) => void;
  /** An abort rejects the call at once with the signal's reason. The device still finishes the current submit. */
  readonly signal?: AbortSignal | undefined;
}

const SHAPES: readonly GemmShape[] = [
  { rows: 256, columns: 896, inner: 896 },
  { rows: 512, columns: 512, inner: 512 },
];

/** The number of operations in one program: so many that the time to start the program is negligible. */
const PROGRAM_FLOPS = 1e9;
const MOST_REPEATS = 64;

/** The number of candidates (a variant at a shape) that are measured again after the first round. */
const FINALISTS = 3;

interface Candidate {
  readonly variant: string;
  readonly shape: GemmShape;
  readonly executor: Executor;
  /** Computes the same matrix product several times. */
  readonly program: LoadedProgram;
  readonly samples: number[];
}

/**
 * Measures this library's matrix product in all its variants on a device. The fastest one shows how fast a training step could be.
 * Opens its own device and closes it. Throws `unsupported_device` without WebGPU, and `invalid_argument` without shapes.
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
      // This run isn't measured, because drivers may compile a kernel at its first use.
      candidate.executor.run(candidate.program);
      await untilAborted(finished(candidate.executor), signal);
      await take(candidate);
    }
    const finalists = candidates.toSorted((a, b) => median(b.samples) - median(a.samples)).slice(0, FINALISTS);
    // The finalists take turns, so that other load on this machine affects all of them.
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

/** Returns the operations per second, measured over at least `seconds`. */
async function sample({ executor, program }: Candidate, seconds: number): Promise<number> {
  return program.flops / (await secondsPerRun(executor, program, seconds));
}

function rateOf({ variant, shape, samples }: Candidate): GemmRate {
  return { variant, shape, flopsPerSecond: median(samples), samples: samples.length };
}
