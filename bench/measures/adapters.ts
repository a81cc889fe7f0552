import type { DeviceInfo } from '../../src/gpu/device';
import { AdapterStage } from '../stages/adapter_stage';
import { type MixedReport, measureMixed } from './mixed';
import { measureSwitching, type SwitchingReport } from './switching';

export interface AdapterBenchOptions {
  /** config.json and weights. */
  readonly files: ReadonlyMap<string, Blob>;
  readonly r: number;
  readonly target_modules: readonly string[];
  /** What products multiply in: f32. */
  readonly arithmetic?: 'f32' | 'f16' | undefined;
  /** Tokens of a row in the mixed batch, which has a row for each adapter. */
  readonly tokens: number;
  /** On the device at once: 8. */
  readonly adapters?: number;
  /** 7 */
  readonly rounds?: number;
  /** How long one sample of a pass lasts at least: 0.1 s. */
  readonly sampleSeconds?: number;
  /** Called as rounds are done. */
  readonly onProgress?: (done: number, total: number) => void;
}

export interface AdapterReport {
  readonly r: number;
  readonly adapters: number;
  readonly mixed: MixedReport;
  readonly switching: SwitchingReport;
  readonly device: DeviceInfo;
}

/** Tokens of the pass after a switch: so few that the switch counts. */
const SWITCH_TOKENS = 64;
/** That go in rounds: mixed batches, switching both ways, and loading. */
const PARTS = 4;

/**
 * What several people's adapters on one model cost, their vectors random and A and B shared: batches whose rows have
 * adapters of their own, and switching. Opens a device of its own and closes it. Throws `unsupported_device`.
 */
export async function measureAdapters(
  gpu: GPU | undefined,
  { adapters = 8, rounds = 7, sampleSeconds = 0.1, tokens, onProgress, ...options }: AdapterBenchOptions,
): Promise<AdapterReport> {
  const names = Array.from({ length: adapters }, (_, index) => `person ${index}`);
  const stage = await AdapterStage.open(gpu, options, names);
  try {
    let done = 0;
    const onRound = (): void => {
      done += 1;
      onProgress?.(done, PARTS * rounds);
    };
    const mixed = await measureMixed(stage, { names, tokens, rounds, sampleSeconds, onRound });
    const switching = await measureSwitching(stage, { names, tokens: SWITCH_TOKENS, rounds, onRound });
    return { r: options.r, adapters, mixed, switching, device: stage.host.info };
  } finally {
    stage.close();
  }
}
