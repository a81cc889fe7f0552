import type { Overlay } from '../adapters/layers/overlay';
import type { ProgramCache } from '../graph/program_cache';
import type { Runner } from '../graph/runner';
import type { Value } from '../graph/value';
import type { LoadedModel } from '../models/loaded_model';
import { type Batch, shapeKey, type TaskBatches, termsOf } from '../tasks/task/task_batches';
import { lossChunks, type TaskLoss } from '../tasks/task/task_loss';
import type { Measured, Predicted, TaskMetrics } from '../tasks/task/task_metrics';
import { lossProgram, writeBatch } from './steps/loss_program';
import {
  MOST_METRICS,
  packStepBlock,
  type StepStats,
  statsValue,
  stepBlockValue,
  unpackStats,
} from './steps/step_block';

interface Pending {
  readonly batch: Batch;
  readonly stats: Promise<StepStats>;
  /** The task's logits, if its metrics need them. */
  readonly logits: Promise<ArrayBuffer> | undefined;
}

export interface MeasureOptions {
  readonly signal?: AbortSignal;
  /** Serves requested pauses and snapshots between two batches, while no batch is queued. */
  readonly between?: { readonly isWanted: boolean; serve(): Promise<void> };
  /** The temperature of the objective 'contrast'. If set, this objective's loss is measured. */
  readonly contrastTemperature?: number | undefined;
  /** The task whose loss is measured. Default: the task of the `LossMeter`. */
  readonly task?: MeasuredTask;
}

type MeasuredTask = TaskBatches & TaskLoss & Pick<TaskMetrics, 'predictions'>;

/** The number of batches that are queued ahead, so that the GPU doesn't wait for the host. */
const IN_FLIGHT = 3;

/** Queues items by `submit`, or skips them, and passes the results to `finish` in order. Rejects with `signal.reason` when aborted. */
export async function inFlight<Item, Queued>(
  items: AsyncIterable<Item> | Iterable<Item>,
  submit: (item: Item) => Promise<Queued> | undefined,
  finish: (queued: Queued) => Promise<void>,
  { signal, between }: Pick<MeasureOptions, 'signal' | 'between'>,
): Promise<void> {
  const pending: Queued[] = [];
  const settle = async (atMost: number): Promise<void> => {
    for (const first of pending.splice(0, pending.length - atMost)) await finish(first);
  };
  for await (const item of items) {
    if (between?.isWanted) await settle(0).then(() => between.serve());
    signal?.throwIfAborted();
    const queued = submit(item);
    if (queued !== undefined) pending.push(await queued);
    await settle(IN_FLIGHT - 1);
  }
  await settle(0);
}

/** Measures the loss of batches, without gradients. */
export class LossMeter {
  readonly #runner: Runner;
  readonly #programs: ProgramCache;
  readonly #task: MeasuredTask;
  readonly #loaded: LoadedModel;
  readonly #block: Value = stepBlockValue();
  readonly #stats: Value = statsValue();

  constructor(runner: Runner, programs: ProgramCache, task: MeasuredTask, loaded: LoadedModel) {
    this.#task = task;
    this.#runner = runner;
    this.#programs = programs;
    this.#loaded = loaded;
  }

  /** Evaluates batches, and returns the values from which the task computes its metrics. Rejects with `signal.reason` when aborted. */
  async measure(
    batches: AsyncIterable<Batch> | Iterable<Batch>,
    overlay: Overlay,
    { contrastTemperature, task = this.#task, ...options }: MeasureOptions = {},
  ): Promise<Measured> {
    let sum = 0;
    let terms = 0;
    const means = new Float64Array(MOST_METRICS);
    const predictions: Predicted[] = [];
    const submit = (batch: Batch): Promise<Pending> | undefined =>
      batch.labelled === 0 ? undefined : this.#submit(task, batch, overlay, contrastTemperature);
    const finish = async ({ batch, stats, logits }: Pending): Promise<void> => {
      const { loss, metrics } = await stats;
      sum += loss * termsOf(batch);
      for (const [index, metric] of metrics.entries()) means[index] = (means[index] ?? 0) + metric * termsOf(batch);
      terms += termsOf(batch);
      const read = await logits;
      const predicted = read && task.predictions?.(batch, new Float32Array(read));
      if (predicted !== undefined) predictions.push(predicted);
    };
    await inFlight(batches, submit, finish, options);
    return {
      loss: terms === 0 ? Number.NaN : sum / terms,
      labelled: terms,
      means: means.map((sum) => sum / terms),
      predicted: predictions.flatMap(({ predicted }) => predicted),
      targets: predictions.flatMap(({ targets }) => targets),
    };
  }

  dispose(): void {
    this.#runner.free([this.#block, this.#stats]);
  }

  /** Resolves once the batch is queued. */
  async #submit(
    task: TaskBatches & TaskLoss,
    batch: Batch,
    overlay: Overlay,
    contrastTemperature: number | undefined,
  ): Promise<Pending> {
    const { labelled } = batch;
    const block = { step: 1, microStep: 0, labelled, learningRate: 0, tokens: termsOf(batch), beta1: 0, beta2: 0 };
    const values = { block: this.#block, stats: this.#stats, contrastTemperature };
    const name = task.lossName ?? (contrastTemperature === undefined ? 'loss' : `contrast at ${contrastTemperature}`);
    return this.#programs.use(
      { name, overlay: overlay.key, shape: shapeKey(batch) },
      () => lossProgram(task, this.#loaded, overlay, batch, values),
      ({ built, loaded }) => {
        writeBatch(this.#runner, task, built.inputs, batch, overlay.rows?.which);
        this.#runner.write(this.#block, packStepBlock(block));
        this.#runner.run(loaded, { chunks: lossChunks(labelled, built.chunkRows) });
        const stats = this.#runner.read(this.#stats).then(unpackStats);
        const logits = built.logits && this.#runner.read(built.logits);
        // If an earlier batch fails first, these promises are not awaited. The empty handlers prevent unhandled rejections.
        stats.catch(() => {});
        logits?.catch(() => {});
        return { batch, stats, logits };
      },
    );
  }
}
