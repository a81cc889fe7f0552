import { median } from '../../src/core/numbers/median';
import type { DeviceInfo } from '../../src/gpu/device_host';
import type { Step } from '../../src/graph/step';
import { totalFlops } from '../../src/graph/work';
import { openAdapterStage, type StageOptions } from '../stages/adapter_stage';
import { loadReferenceStage } from '../stages/reference_stage';
import { bytesOf } from '../stages/traffic';
import { ADAPTER, loadTrainingStage } from '../stages/training_stage';
import { ratioOf, type Sampled, takeTurns } from '../stages/turns';

export interface PreferenceBenchOptions extends StageOptions {
  /** The number of pairs in a step. */
  readonly batch: number;
  /** The number of tokens per text. */
  readonly tokens: number;
  /** The number of measured rounds. Each step, and the reference pass, runs once per round. Default: 5. */
  readonly rounds?: number;
  /** Called after each step. */
  readonly onProgress?: (done: number, total: number) => void;
}

/** The costs of a step or a pass, and their ratios to the costs of `Trainer`'s step. */
export interface PreferenceStep {
  /**
   * 'texts': the step of `Trainer` over all texts of the pairs. 'pairs' and 'ratings': the steps of `DPOTrainer` and `KTOTrainer`.
   * 'reference': the base model's forward pass, which a training run makes once for each pair.
   */
  readonly name: 'texts' | 'pairs' | 'ratings' | 'reference';
  /** The duration of a step or a pass: the median over the rounds. */
  readonly seconds: number;
  readonly dispatches: number;
  readonly flops: number;
  /** The least number of bytes that the dispatches must read and write. */
  readonly bytes: number;
  /** The costs divided by the costs of 'texts'. `seconds`: the median over the rounds of the ratio of times. */
  readonly to_texts: { readonly seconds: number; readonly flops: number; readonly bytes: number };
}

export interface PreferenceReport {
  readonly r: number;
  readonly pairs: number;
  /** The number of tokens per text. */
  readonly tokens: number;
  readonly steps: readonly PreferenceStep[];
  readonly device: DeviceInfo;
}

interface Counted extends Sampled {
  readonly name: PreferenceStep['name'];
  readonly steps: readonly Step[];
}

/**
 * Compares the training steps of `DPOTrainer` and `KTOTrainer`, and the forward pass of the base model (their reference model), with a step
 * of `Trainer` over as many texts, in turns. A pair counts as two texts, and a rating as one, although KTO reads a second text for each
 * rating, to estimate the KL divergence. Opens its own device and closes it. Throws `unsupported_device`.
 */
export async function measurePreferences(
  gpu: GPU | undefined,
  { rounds = 5, onProgress, ...options }: PreferenceBenchOptions,
): Promise<PreferenceReport> {
  const { r, batch: pairs, tokens } = options;
  const stage = await openAdapterStage(gpu, options, [ADAPTER]);
  try {
    const step = async (learns: 'texts' | 'pairs' | 'ratings', batch: number): Promise<Counted> => {
      const own = await loadTrainingStage(stage, { ...options, learns, batch });
      return { name: learns, stage: own, steps: own.steps.map(({ step }) => step), samples: [] };
    };
    const texts = await step('texts', 2 * pairs);
    const reference = await loadReferenceStage(stage, { batch: pairs, tokens });
    const all: Counted[] = [
      texts,
      await step('pairs', pairs),
      await step('ratings', 2 * pairs),
      { name: 'reference', stage: reference, steps: reference.steps, samples: [] },
    ];
    await takeTurns(all, rounds, onProgress);
    return { r, pairs, tokens, steps: all.map((one) => reportOf(one, texts)), device: stage.host.info };
  } finally {
    stage.close();
  }
}

function reportOf(one: Counted, texts: Counted): PreferenceStep {
  const [own, to] = [workOf(one), workOf(texts)];
  const to_texts = { seconds: ratioOf(one, texts), flops: own.flops / to.flops, bytes: own.bytes / to.bytes };
  return { name: one.name, seconds: median(one.samples), dispatches: one.steps.length, ...own, to_texts };
}

function workOf({ steps }: Counted): Pick<PreferenceStep, 'flops' | 'bytes'> {
  return { flops: totalFlops(steps), bytes: steps.reduce((sum, step) => sum + bytesOf(step), 0) };
}
