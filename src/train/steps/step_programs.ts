import { WebVeraError } from '../../core/errors/error';
import type { LoadedProgram, Runner } from '../../graph/runner';
import { inChunks, totalFlops } from '../../graph/work';
import type { Batch, BatchArguments, BatchShape, TaskBatches } from '../../tasks/task/task_batches';
import { lossChunks } from '../../tasks/task/task_loss';
import type { StepData, TrainingInit, Tune } from '../training_init';
import { BatchPrograms } from './batch_programs';
import { LoadedLayers, layersOfRun } from './loaded_layers';
import { type LossProgram, lossProgram, writeBatch } from './loss_program';
import { gradientsOf, type OptimizerState, optimizerProgram, readBy } from './optimizer';
import { packStepBlock, type StepBlock } from './step_block';

/**
 * The number of cached programs: for each of 10 padded lengths, from 16 to 8,192 tokens, one for full batches and one for an epoch's last
 * batch.
 */
const CAPACITY = 2 * 10;
/** The maximum number of tokens in the batch for which kernels are compiled early. */
const EARLY_TOKENS = 2 ** 16;

interface StepAt {
  readonly step: number;
  readonly learningRate: number;
}

interface StepProgramsInit extends Pick<TrainingInit, 'runner' | 'loaded' | 'task' | 'overlay' | 'adapters' | 'args'> {
  readonly state: OptimizerState;
  /** Called when memory has run out and steps continue with gradient checkpointing. */
  onCheckpointing(): void;
}

/** Builds the sequences of GPU dispatches (programs) for a run's steps, and loads them on the device. */
export class StepPrograms {
  readonly #init: StepProgramsInit;
  readonly #runner: Runner;
  readonly #programs: BatchPrograms;
  #layers: LoadedLayers | undefined;
  #optimizer: LoadedProgram | undefined;

  constructor(init: StepProgramsInit) {
    this.#init = init;
    this.#runner = init.runner;
    const build = (shape: BatchShape, checkpointing: boolean): LossProgram => this.#build(shape, checkpointing);
    this.#programs = new BatchPrograms({ ...init, capacity: CAPACITY, build });
  }

  /** Loads the programs that all steps share. With `early`, it also starts compiling the kernels of full batches. */
  async load({ early }: { readonly early: boolean }): Promise<void> {
    const { task, args, state, loaded } = this.#init;
    this.#layers = await this.#loadLayers();
    if (early) this.#runner.prepare(this.#programs.build(earlyShape(task, args)).program.steps);
    this.#optimizer = await this.#runner.load(optimizerProgram(state, args, readBy(loaded, args)), { early: true });
  }

  /** Chooses kernels by measuring them on the step's first batch. */
  async tune(tune: Tune, data: StepData, at: StepAt, signal: AbortSignal): Promise<void> {
    const { task, state } = this.#init;
    const [batch] = data.microBatches;
    if (batch === undefined) return;
    const { program, inputs, owned, chunkRows } = this.#programs.build(batch);
    const chunks = lossChunks(batch.labelled, chunkRows);
    try {
      await this.#runner.allocate(owned);
      writeBatch(this.#runner, task, inputs, batch);
      this.#runner.write(state.block, this.#block(batch, { ...at, microStep: 0, tokens: data.labelled }));
      const steps = program.steps.filter(inChunks(chunks));
      await tune([...(this.#layers?.steps ?? []), ...steps], signal);
    } finally {
      this.#runner.free(owned);
    }
    // These programs were loaded before kernels were chosen, so they are loaded again.
    this.#layers?.release();
    this.#layers = undefined;
    this.#layers = await this.#loadLayers();
  }

  /** See `BatchPrograms.reserve`. */
  reserve(shape: BatchShape): Promise<void> {
    return this.#programs.reserve(shape);
  }

  /** Returns the number of floating-point operations of a step with batches of this shape, including its update. */
  async flopsOf(shape: BatchShape): Promise<number> {
    const batch = await this.#programs.use(shape, ({ built }) => totalFlops(built.program.steps));
    const shared = totalFlops(this.#layers?.steps ?? []) + (this.#optimizer?.flops ?? 0);
    return this.#init.args.gradient_accumulation_steps * batch + shared;
  }

  /** Queues a step without its update. */
  async queue({ microBatches, labelled: tokens }: StepData, at: StepAt): Promise<void> {
    this.#layers?.begin();
    for (const [microStep, batch] of microBatches.entries()) {
      const block = this.#block(batch, { ...at, microStep, tokens });
      await this.#programs.queue(batch, new Map([[this.#init.state.block, block]]));
    }
    // Rejects here if a kernel failed to compile, because then the step must not update anything.
    await Promise.all([this.#layers?.ready, this.#optimizer?.ready]);
  }

  /** Queues the step's update. It is synchronous, so a read queued next reads this step's values. */
  update(): void {
    if (this.#optimizer === undefined)
      throw new WebVeraError('internal', 'A step was queued before its programs were loaded');
    this.#layers?.finish();
    this.#runner.run(this.#optimizer);
  }

  async release(): Promise<void> {
    this.#optimizer?.release();
    await this.#programs.release();
    this.#layers?.release();
  }

  #loadLayers(): Promise<LoadedLayers> {
    const { maxBindingBytes } = this.#runner;
    const layers = layersOfRun({ ...this.#init, grads: gradientsOf(this.#init.state), maxBindingBytes });
    return LoadedLayers.create(this.#runner, layers);
  }

  #build(batch: BatchShape, checkpointing: boolean): LossProgram {
    const { loaded, task, overlay, args, state } = this.#init;
    const { label_smoothing_factor: smoothing } = args;
    // As in TRL, training on preferences uses no dropout, because its loss compares the model with its base, which has none.
    const seed = args.preference === null ? args.seed : undefined;
    const training = { grads: gradientsOf(state), seed, layers: this.#layers?.inProgram, checkpointing, smoothing };
    const contrastTemperature = args.contrastTemperature ?? undefined;
    return lossProgram(task, loaded, overlay, batch, { ...state, contrastTemperature, training });
  }

  #block({ labelled }: Batch, at: StepAt & Pick<StepBlock, 'microStep' | 'tokens'>): DataView<ArrayBuffer> {
    const { adam_beta1: beta1, adam_beta2: beta2 } = this.#init.args;
    return packStepBlock({ ...at, labelled, beta1, beta2 });
  }
}

/**
 * Returns the shape of full batches, with at most `EARLY_TOKENS` tokens or one example. More tokens take the same kernels, but a program
 * with thousands of chunks of the loss takes seconds to build.
 */
export function earlyShape(task: Pick<TaskBatches, 'fullShape'>, args: BatchArguments): BatchShape {
  const { B, T } = task.fullShape({ ...args, per_device_train_batch_size: 1 });
  const most = Math.max(1, Math.floor(EARLY_TOKENS / (B * T)));
  const rows = Math.min(args.per_device_train_batch_size, most);
  return task.fullShape({ ...args, per_device_train_batch_size: rows });
}
