import type { DeviceInfo } from '../../src/gpu/device_host';
import { DecodeStage, type DecodeStageOptions } from '../stages/decode_stage';
import { type KernelShare, kernelTable } from '../stages/kernel_table';
import { type ReplayOptions, timeReplays } from '../stages/replays';

export interface DecodeBenchOptions extends DecodeStageOptions, ReplayOptions {
  /** Seconds of a whole token. The shares are fractions of this time. */
  readonly tokenSeconds: number;
}

/** Seconds are medians over the rounds. */
export interface DecodeReport {
  /** Tokens of the text before the measured step. */
  readonly position: number;
  readonly dispatches: number;
  /** Seconds of one step: the mean of several that are queued one after the other. */
  readonly seconds: number;
  /** The longest time first. */
  readonly kernels: readonly KernelShare[];
  /** Bytes of the model's weights that a step reads. */
  readonly weightBytes: number;
  /** A product of one row with one matrix in the storage of the head, which reads as fast as the device can. */
  readonly reading: { readonly bytes: number; readonly seconds: number };
  /** Seconds of a dispatch that does next to nothing: the mean of several in a submit. */
  readonly dispatchSeconds: number;
  readonly device: DeviceInfo;
}

/**
 * Measures where the time of a token goes: each dispatch of its step is replayed alone. Two dispatches are replayed for comparison: one
 * reads as many bytes as the step reads of weights, if a binding can hold them, and one does next to nothing. Opens a device of its own
 * and closes it. Throws `unsupported_device`.
 */
export async function measureDecode(gpu: GPU | undefined, options: DecodeBenchOptions): Promise<DecodeReport> {
  options.signal?.throwIfAborted();
  const stage = await DecodeStage.open(gpu, options);
  try {
    const steps = stage.steps();
    const { seconds, timed, apart } = await timeReplays(stage, { steps, apart: stage.plainSteps() }, options);
    const [dispatch, reading] = apart;
    return {
      position: options.position,
      dispatches: steps.length,
      seconds,
      kernels: kernelTable(timed, options.tokenSeconds),
      weightBytes: stage.weightBytes,
      reading: { bytes: stage.plainBytes, seconds: reading?.seconds ?? Number.NaN },
      dispatchSeconds: dispatch?.seconds ?? Number.NaN,
      device: stage.info,
    };
  } finally {
    stage.close();
  }
}
