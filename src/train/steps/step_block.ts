import { WebVeraError } from '../../core/errors/error';
import { pinned, type Value } from '../../graph/value';

/** Values that change between runs of a program: `StepBlock` in shaders/lib/step_block.wgsl. */
export interface StepBlock {
  /** Optimiser step, from 1. */
  readonly step: number;
  /** Micro-batch within the step, from 0. */
  readonly microStep: number;
  /** Positions with a label in this micro-batch. */
  readonly labelled: number;
  readonly learningRate: number;
  /** The number of losses in the whole step, by which their sum is divided. */
  readonly tokens: number;
  readonly beta1: number;
  readonly beta2: number;
}

export function stepBlockValue(): Value {
  return pinned('step block', [8], 'u32');
}

export function packStepBlock(block: StepBlock): DataView<ArrayBuffer> {
  const view = new DataView(new ArrayBuffer(32));
  view.setUint32(0, block.step, true);
  view.setUint32(4, block.microStep, true);
  view.setUint32(8, block.labelled, true);
  view.setFloat32(16, block.learningRate, true);
  view.setFloat32(20, 1 / Math.max(1, block.tokens), true);
  view.setFloat32(24, 1 - block.beta1 ** block.step, true);
  view.setFloat32(28, 1 - block.beta2 ** block.step, true);
  return view;
}

/** Statistics that a step reports to the host: `Stats` in shaders/lib/stats.wgsl. */
export interface StepStats {
  readonly loss: number;
  /** The norm before clipping. */
  readonly gradNorm: number;
  /** False from the first step whose loss or norm wasn't finite, until the host clears the statistics. */
  readonly finite: boolean;
  /** The step block's step, which proves that this step ran. */
  readonly step: number;
  /** Means over the step's losses, if the loss reports any. */
  readonly metrics: Float32Array;
}

/** The maximum number of metrics that a loss may report besides its mean. */
export const MOST_METRICS = 8;
const FIRST_METRIC = 4;

export function statsValue(): Value {
  return pinned('step stats', [FIRST_METRIC + MOST_METRICS], 'u32');
}

export function unpackStats(bytes: ArrayBuffer): StepStats {
  const view = new DataView(bytes);
  const [loss, gradNorm] = [view.getFloat32(0, true), view.getFloat32(4, true)];
  return {
    loss,
    gradNorm,
    // The numbers are checked here, too, because the GPU's compiler may remove the shader's check, which sets the flag.
    finite: view.getUint32(8, true) === 0 && Number.isFinite(loss) && Number.isFinite(gradNorm),
    step: view.getUint32(12, true),
    metrics: new Float32Array(bytes, 4 * FIRST_METRIC, MOST_METRICS),
  };
}

/** Throws `device_lost` if the step didn't run, and `numerical_error` if its loss or gradient norm isn't finite. */
export function expectDone({ step: ran, finite, loss, gradNorm }: StepStats, step: number): void {
  if (ran !== step) {
    throw new WebVeraError('device_lost', `Step ${step} was reported as step ${ran}: the GPU didn't run it`, {
      retryable: true,
    });
  }
  if (finite) return;
  throw new WebVeraError('numerical_error', `Step ${step}: the loss or a gradient isn't finite`, {
    hint: 'Use a lower learning_rate.',
    detail: { step, loss, grad_norm: gradNorm },
  });
}
