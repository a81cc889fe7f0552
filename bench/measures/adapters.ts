import type { DeviceInfo } from '../../src/gpu/device_host';
import { openAdapterStage } from '../stages/adapter_stage';
import { type MixedReport, measureMixed } from './mixed';
import { measureSwitching, type SwitchingReport } from './switching';
import { measureTogether, type TogetherReport } from './together';

export interface AdapterBenchOptions {
  /** The model's files: config.json and the weights. */
  readonly files: ReadonlyMap<string, Blob>;
  readonly r: number;
  readonly target_modules: readonly string[];
  /** The data type of multiplications in matrix products; sums are always f32. Default: f32. */
  readonly arithmetic?: 'f32' | 'f16' | undefined;
  /** The number of tokens per row in the mixed batch, which has one row for each adapter. */
  readonly tokens: number;
  /** The number of adapters on the device. Default: 8. */
  readonly adapters?: number;
  /** The number of rounds. Each measurement takes one sample per round. Default: 7. */
  readonly rounds?: number;
  /** The minimum duration of one sample of a forward pass, in seconds. Default: 0.1. */
  readonly sampleSeconds?: number;
  /** Called after each round. */
  readonly onProgress?: (done: number, total: number) => void;
}

export interface AdapterReport {
  readonly r: number;
  readonly adapters: number;
  readonly mixed: MixedReport;
  readonly together: TogetherReport;
  readonly switching: SwitchingReport;
  readonly device: DeviceInfo;
}

/** The number of tokens in the pass after a switch: few, so that the switch takes a large part of the measured time. */
const SWITCH_TOKENS = 64;
/**
 * The number of measurements that take `rounds` rounds each: mixed batches, training together, switching between two adapters, switching
 * through all of them, and loading.
 */
const PARTS = 5;

/**
 * Measures the adapters of several people on one model: forward passes and training steps of batches in which each row has its own
 * adapter, and switching between adapters. The adapters have random vectors, and share VeRA's matrices A and B. Opens its own
 * device and closes it. Throws `unsupported_device`.
 */
export async function measureAdapters(
  gpu: GPU | undefined,
  { adapters = 8, rounds = 7, sampleSeconds = 0.1, tokens, onProgress, ...options }: AdapterBenchOptions,
): Promise<AdapterReport> {
  const names = Array.from({ length: adapters }, (_, index) => `person ${index}`);
  const stage = await openAdapterStage(gpu, options, names);
  try {
    let done = 0;
    const onRound = (): void => {
      done += 1;
      onProgress?.(done, PARTS * rounds);
    };
    const mixed = await measureMixed(stage, { names, tokens, rounds, sampleSeconds, onRound });
    const together = await measureTogether(stage, { names, tokens, rounds, onRound });
    const switching = await measureSwitching(stage, { names, tokens: SWITCH_TOKENS, rounds, onRound });
    return { r: options.r, adapters, mixed, together, switching, device: stage.host.info };
  } finally {
    stage.close();
  }
}
