import { totalOf } from '../../core/numbers/numbers';
import type { RunProgress } from '../../core/types/run';
import { NOT_EVALUATED, NOT_HALVED, type RecordSnapshot, type RunSnapshot } from '../../core/types/snapshot';
import type { TrainOutput, TrainProgress } from '../../core/types/training';
import type { Lane } from './lane';

/** Records a run in which several adapters train. Its progress counts the steps of all adapters together. */
export class JointRecord {
  readonly #lanes: readonly Lane[];

  constructor(lanes: readonly Lane[]) {
    this.#lanes = lanes;
  }

  get progress(): RunProgress {
    return this.progressOf(this.#lanes.map(({ record }) => record.progress));
  }

  /** Combines the progress of all adapters: adds up their steps, and takes the largest epoch. */
  progressOf(all: readonly TrainProgress[]): RunProgress {
    return {
      global_step: totalOf(all, ({ global_step }) => global_step),
      max_steps: totalOf(all, ({ max_steps }) => max_steps),
      epoch: Math.max(...all.map(({ epoch }) => epoch)),
      adapters: Object.fromEntries(all.map((one, index) => [this.#lanes[index]?.name, one])),
    };
  }

  snapshot(): RecordSnapshot & Pick<RunSnapshot, 'lanes'> {
    const lanes = this.#lanes.map(({ record }) => record.snapshot());
    const nothing = { lossSum: 0, logs: [], halving: NOT_HALVED, evaluation: NOT_EVALUATED };
    const { adapters: _, ...progress } = this.progress;
    return { progress, ...nothing, lanes };
  }

  startClock(): void {
    for (const { record } of this.#lanes) record.startClock();
  }

  output(): TrainOutput {
    const adapters = Object.fromEntries(this.#lanes.map(({ name, record }) => [name, record.output()]));
    const outputs = Object.values(adapters);
    const { global_step, epoch } = this.progress;
    const loss = totalOf(outputs, ({ training_loss, global_step }) => training_loss * global_step);
    return { global_step, training_loss: loss / Math.max(1, global_step), metrics: { epoch }, adapters };
  }
}
