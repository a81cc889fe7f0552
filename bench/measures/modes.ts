import { LAYER_MODES, type LayerMode, type ModeChoice } from '../../src/adapters/layers/training_layers';
import { median } from '../../src/core/numbers/median';
import type { DeviceInfo } from '../../src/gpu/device_host';
import { openAdapterStage, type StageOptions } from '../stages/adapter_stage';
import { ADAPTER, loadTrainingStage, type TrainingStage } from '../stages/training_stage';
import { ratioOf, type Sampled, takeTurns } from '../stages/turns';

export type { LayerMode as VeraMode, ModeChoice };

export interface ModeBenchOptions extends StageOptions {
  /** The number of rows in a step. */
  readonly batch: number;
  /** The number of tokens per row. */
  readonly tokens: number;
  /** The number of measured rounds. Each step runs once per round. Default: 5. */
  readonly rounds?: number;
  /** Called after each step. */
  readonly onProgress?: (done: number, total: number) => void;
}

/** Measurements of a whole training step. */
export interface ModeStep {
  /** The duration of a step: the median over the rounds. */
  readonly seconds: number;
  readonly dispatches: number;
  readonly flops: number;
}

export interface ModeReport {
  readonly r: number;
  /** For comparison: a step with the smallest adapter, only on the first target module. Its gradients flow through the whole model. */
  readonly bare: ModeStep;
  readonly modes: readonly (ModeStep & {
    readonly mode: ModeChoice;
    /** The step's time divided by the times of `unmerged` and of `bare`: medians over the rounds. Each round runs all steps once. */
    readonly to_unmerged: number;
    readonly to_bare: number;
    /** `to_bare` divided by the ratio of the floating-point operations: 1 if VeRA's operations run as fast as the base model's. */
    readonly to_bare_by_flops: number;
  })[];
  readonly device: DeviceInfo;
}

interface Timed extends Sampled {
  readonly stage: TrainingStage;
}

const MODES: readonly ModeChoice[] = ['cheapest', ...LAYER_MODES];
/** The rank of the smallest adapter: the length of a vec4. */
const LEAST_RANK = 4;

/**
 * Measures the training step in each mode (way of computing adapted layers), alternately with a step in which VeRA has almost no work.
 * Opens two devices of its own and closes them. Throws `unsupported_device`.
 */
export async function measureModes(
  gpu: GPU | undefined,
  { rounds = 5, onProgress, ...options }: ModeBenchOptions,
): Promise<ModeReport> {
  const adapted = await openAdapterStage(gpu, options, [ADAPTER]);
  try {
    const [first = ''] = adapted.vera.adapter(ADAPTER).modules.keys();
    const base = await openAdapterStage(gpu, { ...options, r: LEAST_RANK, target_modules: [first] }, [ADAPTER]);
    try {
      const bare = { stage: await loadTrainingStage(base, { ...options, modes: 'unmerged' }), samples: [] };
      const modes: (Timed & { readonly mode: ModeChoice })[] = [];
      for (const mode of MODES) {
        modes.push({ mode, stage: await loadTrainingStage(adapted, { ...options, modes: mode }), samples: [] });
      }
      await takeTurns([bare, ...modes], rounds, onProgress);
      return report(options.r, bare, modes);
    } finally {
      base.close();
    }
  } finally {
    adapted.close();
  }
}

function report(r: number, bare: Timed, modes: readonly (Timed & { readonly mode: ModeChoice })[]): ModeReport {
  const unmerged = modes.find(({ mode }) => mode === 'unmerged') ?? bare;
  return {
    r,
    bare: stepOf(bare),
    modes: modes.map((one) => {
      const to_bare = ratioOf(one, bare);
      const by_flops = one.stage.flops / bare.stage.flops;
      return {
        mode: one.mode,
        ...stepOf(one),
        to_unmerged: ratioOf(one, unmerged),
        to_bare,
        to_bare_by_flops: to_bare / by_flops,
      };
    }),
    device: bare.stage.info,
  };
}

function stepOf({ stage, samples }: Timed): ModeStep {
  return { seconds: median(samples), dispatches: stage.steps.length, flops: stage.flops };
}
