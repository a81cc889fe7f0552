import type { DeviceInfo } from '../../src/gpu/device';
import { bytesOf } from '../stages/traffic';
import { TrainingStage, type TrainingStageOptions } from '../stages/training_stage';

export type { TrainingStageOptions };

/** What a training step does, on whatever device. */
export interface StepCounts {
  readonly r: number;
  readonly dispatches: number;
  readonly flops: number;
  /** That its dispatches read and write at least. */
  readonly bytes: number;
  /** On the device: the model's weights, and all that a step needs. */
  readonly memory: { readonly weightBytes: number; readonly peakBytes: number };
  readonly device: DeviceInfo;
}

/**
 * Counts a training step's work without taking it: with the rates of a device, this tells what the step takes there at
 * best. Opens a device of its own, as programs are built for one, and closes it. Throws `unsupported_device`.
 */
export async function countStep(gpu: GPU | undefined, options: TrainingStageOptions): Promise<StepCounts> {
  const stage = await TrainingStage.open(gpu, options);
  try {
    const steps = stage.steps();
    const bytes = steps.reduce((sum, { step }) => sum + bytesOf(step), 0);
    const { flops, memory } = stage;
    return { r: options.r, dispatches: steps.length, flops, bytes, memory, device: stage.info };
  } finally {
    stage.close();
  }
}
