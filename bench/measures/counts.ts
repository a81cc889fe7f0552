import type { DeviceInfo } from '../../src/gpu/device_host';
import { bytesOf } from '../stages/traffic';
import { openTrainingStage, type TrainingStageOptions } from '../stages/training_stage';

export type { TrainingStageOptions };

/** The work of a training step, which is the same on every device. */
export interface StepCounts {
  readonly r: number;
  readonly dispatches: number;
  readonly flops: number;
  /** The least number of bytes that the step's dispatches must read and write. */
  readonly bytes: number;
  /** Bytes on the device: the size of the model's weights, and the peak memory usage. */
  readonly memory: { readonly weightBytes: number; readonly peakBytes: number };
  readonly device: DeviceInfo;
}

/**
 * Counts the work of a training step without running it. Divided by a device's peak rates, the work gives the shortest possible time of the
 * step on that device. Opens its own device, because programs are built for a device, and closes it. Throws `unsupported_device`.
 */
export async function countStep(gpu: GPU | undefined, options: TrainingStageOptions): Promise<StepCounts> {
  const stage = await openTrainingStage(gpu, options);
  try {
    const { steps, flops, info: device } = stage;
    const bytes = steps.reduce((sum, { step }) => sum + bytesOf(step), 0);
    return { r: options.r, dispatches: steps.length, flops, bytes, memory: stage.memory(), device };
  } finally {
    stage.close();
  }
}
