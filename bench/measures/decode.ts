import type { DeviceInfo } from '../../src/gpu/device';
import { DecodeStage, type DecodeStageOptions } from '../stages/decode_stage';
import { type KernelShare, kernelTable } from '../stages/kernel_table';
import { type ReplayOptions, timeReplays } from '../stages/replays';

export interface DecodeBenchOptions extends DecodeStageOptions, ReplayOptions {
  /** What a token takes in all: shares are of it. */
  readonly tokenSeconds: number;
}

/** Seconds are medians over the rounds. */
export interface DecodeReport {
  /** Tokens that the text has when the next is made. */
  readonly position: number;
  readonly dispatches: number;
  /** Of one of several steps queued one after the other. */
  readonly seconds: number;
  /** The longest first. */
  readonly kernels: readonly KernelShare[];
  /** Of the model's weights, that a step reads. */
  readonly weightBytes: number;
  /** A product of one row with one matrix stored as the head is: nothing reads faster. */
  readonly reading: { readonly bytes: number; readonly seconds: number };
  /** Seconds of a dispatch that does next to nothing, among others of its kind. */
  readonly dispatchSeconds: number;
  readonly device: DeviceInfo;
}

/**
 * Where the time of a token goes: each dispatch of its step replayed alone, and beside them what the device takes to read
 * as many bytes in one dispatch, and for a dispatch as such. Opens a device of its own and closes it. Throws
 * `unsupported_device`.
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
