import { untilAborted } from '../../src/core/async/abort';
import { WebVeraError } from '../../src/core/errors/error';
import { chooseVariant } from '../../src/gpu/choice/choice';
import type { DeviceInfo } from '../../src/gpu/device_host';
import { type KernelShare, kernelTable } from '../stages/kernel_table';
import { type ReplayOptions, type Stage, type StageStep, timeReplays } from '../stages/replays';
import { openTrainingStage } from '../stages/training_stage';
import type { GemmRate } from './gemm';
import { productSteps } from './product';

export interface KernelBenchOptions extends ReplayOptions {
  /** The model's files: config.json and the weights. */
  readonly files: ReadonlyMap<string, Blob>;
  readonly r: number;
  readonly target_modules: readonly string[];
  /** The number of rows in a step. */
  readonly batch: number;
  /** The number of tokens per row. */
  readonly tokens: number;
  /** The data type of multiplications in matrix products; sums are always f32. Default: f32. */
  readonly arithmetic?: 'f32' | 'f16' | undefined;
  /** A matrix product to time alternately with the step, because rates that are measured minutes apart aren't comparable. */
  readonly product?: Pick<GemmRate, 'variant' | 'shape'> | undefined;
}

/** Measurements of a training step and its kernels. Times are medians over the rounds. */
export interface KernelReport {
  readonly r: number;
  /** The whole step. `seconds` is the mean over several steps that are queued one after the other. */
  readonly step: {
    readonly seconds: number;
    readonly dispatches: number;
    readonly flops: number;
    /** The floating-point operations of the same step in mode `unmerged`, which computes VeRA as its paper writes it. */
    readonly unmerged_flops: number;
    /** The least number of bytes that the step's dispatches must read and write. */
    readonly bytes: number;
  };
  /** The matrix product that the options name, timed alternately with the step. */
  readonly product: KernelShare | undefined;
  /** Bytes on the device: the size of the model's weights, and the peak memory usage. */
  readonly memory: { readonly weightBytes: number; readonly peakBytes: number };
  /** The step's kernels, sorted by time, the longest first. */
  readonly kernels: readonly KernelShare[];
  /** The step's time minus the sum of its dispatches' times. Negative if dispatches run faster together than alone. */
  readonly outside: { readonly seconds: number; readonly share: number };
  readonly device: DeviceInfo;
}

/**
 * Measures how the time of a training step is spent: times the whole step, and each of its dispatches replayed alone. Opens its own device
 * and closes it. Throws `unsupported_device`.
 */
export async function measureKernels(gpu: GPU | undefined, options: KernelBenchOptions): Promise<KernelReport> {
  options.signal?.throwIfAborted();
  const stage = await openTrainingStage(gpu, options);
  try {
    const { steps, flops, info: device } = stage;
    // Memory usage is read before the matrix product is loaded, because its matrices take memory, too.
    const memory = stage.memory();
    const beside = options.product && (await untilAborted(loadProduct(stage, options.product), options.signal));
    const { seconds, timed, apart } = await timeReplays(stage, { steps, apart: beside ? [beside] : [] }, options);
    const kernels = kernelTable(timed, seconds);
    const [product] = kernelTable(apart, seconds);
    const bytes = kernels.reduce((sum, kernel) => sum + kernel.bytes, 0);
    const outside = seconds - kernels.reduce((sum, kernel) => sum + kernel.seconds, 0);
    const unmerged_flops = await stage.flopsIn({ ...options, modes: 'unmerged' });
    return {
      r: options.r,
      step: { seconds, dispatches: steps.length, flops, unmerged_flops, bytes },
      kernels,
      product,
      memory,
      outside: { seconds: outside, share: outside / seconds },
      device,
    };
  } finally {
    stage.close();
  }
}

async function loadProduct(
  { executor, info }: Stage,
  { variant, shape }: Pick<GemmRate, 'variant' | 'shape'>,
): Promise<StageStep> {
  const [step] = productSteps(executor, shape, 1);
  if (step === undefined) throw new WebVeraError('internal', 'A product is at least one step');
  const chosen = { [step.kernel.name]: variant };
  const program = await executor.load({ name: 'product', steps: [step], outputs: [] }, { chosen });
  return { program, index: 0, step, variant: chooseVariant(step, info, chosen).name };
}
