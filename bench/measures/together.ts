import type { Adapter } from '../../src/adapters/adapter';
import { overlayOf } from '../../src/adapters/layers/overlay';
import { median } from '../../src/core/numbers/median';
import type { ResolvedTrainingArguments } from '../../src/core/types/training';
import { textSizes } from '../../src/models/architecture';
import { batchesInOrder } from '../../src/tasks/task/task_batches';
import { LanePrograms } from '../../src/train/lanes/lane_programs';
import { createOptimizerState } from '../../src/train/steps/optimizer';
import { StepPrograms } from '../../src/train/steps/step_programs';
import type { AdapterStage } from '../stages/adapter_stage';
import { randomRows } from '../stages/random_work';
import { ratioOf } from '../stages/turns';

/** Measurements of a training step, from its encoding in the page's thread to its end on the device. */
export interface StepReport {
  /** The duration of a step: the median over the rounds. */
  readonly seconds: number;
  readonly dispatches: number;
  readonly flops: number;
}

/** Measurements of a training step over equal rows: with one adapter for all rows, and with one adapter per row. */
export interface TogetherReport {
  readonly rows: number;
  /** The number of tokens per row. */
  readonly tokens: number;
  /** The step in which all rows train one adapter. */
  readonly single: StepReport;
  /** The step in which each row trains a different adapter. */
  readonly together: StepReport;
  /** The time of `together` divided by that of `single`, as the median over the rounds. In each round, both run one after the other. */
  readonly together_to_single: number;
}

interface TogetherOptions {
  /** The adapters' names, one for each row. */
  readonly names: readonly string[];
  /** The number of tokens per row. */
  readonly tokens: number;
  readonly rounds: number;
  onRound(): void;
}

interface TrainingStep {
  /** Queues one step. */
  queue(): Promise<void>;
  /** Resolves when the device has finished the queued step. */
  done(): Promise<unknown>;
  readonly samples: number[];
}

const LEARNING_RATE = 1e-3;

/** Measures a training step in which each row trains its own adapter, beside one in which all rows train the first adapter. */
export async function measureTogether(
  stage: AdapterStage,
  { names, tokens, rounds, onRound }: TogetherOptions,
): Promise<TogetherReport> {
  const adapters = names.map((name) => stage.vera.adapter(name));
  const rows = randomRows(names.length, tokens, textSizes(stage.base.loaded.model).vocabSize);
  const single = await stepOfOne(stage, adapters, rows);
  const together = await stepOfAll(stage, adapters, rows);
  const counts = new Map<TrainingStep, Omit<StepReport, 'seconds'>>();
  // Each step runs twice: the first run compiles kernels, and the counts of the second run are used.
  for (const step of [single, together, single, together]) counts.set(step, await countsOf(stage, step));
  for (let round = 0; round < rounds; round++) {
    for (const step of [single, together]) {
      const begin = performance.now();
      await step.queue();
      await step.done();
      step.samples.push((performance.now() - begin) / 1000);
    }
    onRound();
  }
  const report = (step: TrainingStep): StepReport => ({
    seconds: median(step.samples),
    ...(counts.get(step) ?? { dispatches: 0, flops: 0 }),
  });
  return {
    rows: names.length,
    tokens,
    single: report(single),
    together: report(together),
    together_to_single: ratioOf(together, single),
  };
}

async function countsOf({ executor }: AdapterStage, step: TrainingStep): Promise<Omit<StepReport, 'seconds'>> {
  const before = executor.usage();
  await step.queue();
  await step.done();
  const { dispatches, flops } = executor.usage();
  return { dispatches: dispatches - before.dispatches, flops: flops - before.flops };
}

type Rows = ReturnType<typeof randomRows>;

async function stepOfOne(
  { executor: runner, base: { loaded, task } }: AdapterStage,
  [adapter]: readonly Adapter[],
  rows: Rows,
): Promise<TrainingStep> {
  const adapters = adapter === undefined ? [] : [adapter];
  const args = argumentsOf(rows, rows.length);
  const state = await createOptimizerState(runner, adapters);
  const overlay = overlayOf(adapters, adapters);
  const init = { runner, loaded, task, overlay, adapters, args, state, onCheckpointing: () => {} };
  const programs = new StepPrograms(init);
  await programs.load({ early: true });
  const microBatches = [...batchesInOrder(task, rows, args)];
  const labelled = microBatches.reduce((sum, batch) => sum + batch.labelled, 0);
  const data = { microBatches, labelled, tokens: 0, epoch: 1, startsEpoch: false, endsEpoch: false };
  return {
    async queue() {
      await programs.queue(data, { step: 1, learningRate: LEARNING_RATE });
      programs.update();
    },
    done: () => runner.read(state.stats),
    samples: [],
  };
}

async function stepOfAll(
  { executor: runner, base: { loaded, task } }: AdapterStage,
  adapters: readonly Adapter[],
  rows: Rows,
): Promise<TrainingStep> {
  const args = argumentsOf(rows, 1);
  const overlay = overlayOf(adapters, []);
  const programs = new LanePrograms({ runner, loaded, task, overlay, adapters, args, onCheckpointing: () => {} });
  const states = await programs.allocate();
  await programs.load();
  const parts = rows.map((row, index) => ({ index, step: 1, learningRate: LEARNING_RATE, rows: [row] }));
  return {
    async queue() {
      await programs.queue(parts);
      programs.update(parts);
    },
    done: () => Promise.all(states.map(({ stats }) => runner.read(stats))),
    samples: [],
  };
}

/** The training arguments that a step's programs read. */
const ARGUMENTS = {
  gradient_checkpointing: false,
  gradient_accumulation_steps: 1,
  adam_beta1: 0.9,
  adam_beta2: 0.999,
  adam_epsilon: 1e-8,
  weight_decay: 0,
  max_grad_norm: 1,
  learning_rate: LEARNING_RATE,
  label_smoothing_factor: 0,
  objective: 'labels',
  headLearningRate: null,
  contrastTemperature: null,
  preference: null,
  seed: 1,
} satisfies Partial<ResolvedTrainingArguments>;

function argumentsOf([row]: Rows, per_device_train_batch_size: number): ResolvedTrainingArguments {
  const max_length = row?.input_ids.length ?? 1;
  return {
    ...ARGUMENTS,
    per_device_train_batch_size,
    max_length,
  } as Partial<ResolvedTrainingArguments> as ResolvedTrainingArguments;
}
