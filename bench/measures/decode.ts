import type { DeviceInfo } from '../../src/gpu/device_host';
import { type DecodeStageOptions, openDecodeStage } from '../stages/decode_stage';
import { type KernelShare, kernelTable } from '../stages/kernel_table';
import { type ReplayOptions, timeReplays } from '../stages/replays';

export interface DecodeBenchOptions extends DecodeStageOptions, ReplayOptions {
  /** The seconds in which one token is generated. The kernels' shares are fractions of this time. */
  readonly tokenSeconds: number;
}

/** Measurements of the step that generates one token. Times are medians over the rounds. */
export interface DecodeReport {
  /** The number of tokens in the text before the measured step. */
  readonly position: number;
  readonly dispatches: number;
  /** The seconds of one step, averaged over several that are queued one after the other. */
  readonly seconds: number;
  /** The step's kernels, sorted by time, the longest first. */
  readonly kernels: readonly KernelShare[];
  /** Bytes of the model's weights that a step reads. */
  readonly weightBytes: number;
  /** For comparison: a product of one row and a matrix stored like the output embedding. It reads memory at the device's fastest rate. */
  readonly reading: { readonly bytes: number; readonly seconds: number };
  /** The seconds of a dispatch that does almost nothing, averaged over several in one submit. */
  readonly dispatchSeconds: number;
  readonly device: DeviceInfo;
}

/**
 * Measures how the time for generating one token is spent, by replaying each dispatch of the step alone. For comparison, it also replays a
 * dispatch that reads as many bytes as the step's weights (but no more than one binding can hold), and a dispatch that does almost nothing.
 * Opens its own device and closes it. Throws `unsupported_device`.
 */
export async function measureDecode(gpu: GPU | undefined, options: DecodeBenchOptions): Promise<DecodeReport> {
  options.signal?.throwIfAborted();
  const stage = await openDecodeStage(gpu, options);
  try {
    const { steps, plainSteps } = stage;
    const { seconds, timed, apart } = await timeReplays(stage, { steps, apart: plainSteps }, options);
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
