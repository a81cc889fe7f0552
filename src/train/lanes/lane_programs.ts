import type { Adapter } from '../../adapters/adapter';
import { TrainedRows } from '../../adapters/layers/trained_rows';
import { WebVeraError } from '../../core/errors/error';
import type { LoadedProgram, Runner } from '../../graph/runner';
import type { Value } from '../../graph/value';
import { totalFlops } from '../../graph/work';
import { type Batch, type BatchShape, termsOf } from '../../tasks/task/task_batches';
import { BatchPrograms } from '../steps/batch_programs';
import { type LossProgram, lossProgram } from '../steps/loss_program';
import {
  createOptimizerState,
  type OptimizerState,
  optimizerProgram,
  optimizerValues,
  readBy,
} from '../steps/optimizer';
import { packStepBlock, statsValue, stepBlockValue } from '../steps/step_block';
import type { TrainingInit } from '../training_init';

/**
 * The maximum number of cached programs. Each batch shape has its own program, and batches get fewer rows as adapters finish training.
 */
const CAPACITY = 16;

export interface LaneProgramsInit
  extends Pick<TrainingInit, 'runner' | 'loaded' | 'task' | 'overlay' | 'adapters' | 'args'> {
  /** Called when memory has run out and steps continue with gradient checkpointing. */
  onCheckpointing(): void;
}

/** One adapter's part of a batch in which several adapters train. */
export interface LaneStep {
  /** The adapter's index in the run. */
  readonly index: number;
  /** The rows of the adapter's step. */
  readonly rows: readonly unknown[];
  /** The adapter's own step, counted from 1. */
  readonly step: number;
  readonly learningRate: number;
}

/** The methods of `LanePrograms` that a run calls. */
export type JointPrograms = Pick<LanePrograms, 'allocate' | 'load' | 'reserve' | 'queue' | 'update' | 'release'>;

/** The programs of a run in which each row of a batch trains its own adapter. */
export class LanePrograms {
  readonly #init: LaneProgramsInit;
  readonly #runner: Runner;
  readonly #pools: TrainedRows;
  readonly #programs: BatchPrograms;
  /** The whole batch's step block (values that change from step to step) and statistics. These statistics aren't read. */
  readonly #block = stepBlockValue();
  readonly #stats = statsValue();
  /** The number of losses of each row, cached because each epoch uses the row again. */
  readonly #terms = new WeakMap<object, number>();
  #states: readonly OptimizerState[] = [];
  #before: LoadedProgram | undefined;
  #optimizers: readonly LoadedProgram[] = [];
  /** The updates of all adapters in one program. Most steps train all adapters, and one submit is faster than one for each. */
  #together: LoadedProgram | undefined;

  /** Throws `invalid_argument` for adapters that can't train together. */
  constructor(init: LaneProgramsInit) {
    this.#init = init;
    this.#runner = init.runner;
    this.#pools = new TrainedRows(init.adapters);
    expectHeadAlone(init);
    const build = (shape: BatchShape, checkpointing: boolean): LossProgram => this.#build(shape, checkpointing);
    this.#programs = new BatchPrograms({ ...init, capacity: CAPACITY, build });
  }

  /** Allocates the optimiser states, one for each adapter. */
  async allocate(): Promise<readonly OptimizerState[]> {
    await this.#runner.allocate(this.#shared);
    const states: OptimizerState[] = [];
    this.#states = states;
    for (const [index, adapter] of this.#init.adapters.entries()) {
      states.push(await createOptimizerState(this.#runner, [adapter], this.#pools.gradientsOf(index)));
    }
    return states;
  }

  /** Loads the programs that all steps share. */
  async load(): Promise<void> {
    const { args, loaded } = this.#init;
    const isRead = readBy(loaded, args);
    this.#before = await this.#runner.load(this.#pools.before, { early: true });
    const optimizers: LoadedProgram[] = [];
    this.#optimizers = optimizers;
    const programs = this.#states.map((state) => optimizerProgram(state, args, isRead));
    for (const program of programs) optimizers.push(await this.#runner.load(program, { early: true }));
    const steps = programs.flatMap((program) => program.steps);
    this.#together = await this.#runner.load({ name: 'optimizers', steps, outputs: [] }, { early: true });
  }

  /** See `BatchPrograms.reserve`. */
  reserve(shape: BatchShape): Promise<void> {
    return this.#programs.reserve(shape);
  }

  /** Returns the number of floating-point operations of a step with batches of this shape, including its updates. */
  async flopsOf(shape: BatchShape): Promise<number> {
    const batch = await this.#programs.use(shape, ({ built }) => totalFlops(built.program.steps));
    return this.#init.args.gradient_accumulation_steps * batch + (this.#together?.flops ?? 0);
  }

  /** Queues a step without its updates. */
  async queue(parts: readonly LaneStep[]): Promise<void> {
    if (this.#before !== undefined) this.#runner.run(this.#before);
    const { task, args } = this.#init;
    const size = args.per_device_train_batch_size;
    const counts = parts.map(({ rows }) => Math.ceil(rows.length / size));
    const labelled = parts.map(({ rows }) => rows.reduce((sum: number, row) => sum + this.#termsOf(row), 0));
    const tokens = labelled.reduce((sum, own) => sum + own, 0);
    const scales = new Float32Array(this.#init.adapters.length);
    for (const [at, { index }] of parts.entries()) scales[index] = tokens / Math.max(1, labelled[at] ?? 0);
    this.#runner.write(this.#pools.scales, scales);
    for (let microStep = 0; microStep < Math.max(...counts); microStep++) {
      const own = parts.map(({ rows }) => rows.slice(microStep * size, (microStep + 1) * size));
      const batch = task.batch(own.flat(), args);
      const which = Uint32Array.from(own.flatMap((rows, at) => rows.map(() => parts[at]?.index ?? 0)));
      await this.#programs.queue(batch, this.#blocks(batch, { parts, labelled, tokens, microStep }), which);
    }
    // Rejects here if a kernel failed to compile, because then the step must not update anything.
    await Promise.all([this.#before, this.#together, ...this.#optimizers].map((program) => program?.ready));
  }

  /**
   * Queues the updates of the adapters that take part in the step. It is synchronous, so reads that are queued next read this step's
   * values.
   */
  update(parts: readonly Pick<LaneStep, 'index'>[]): void {
    if (this.#together !== undefined && parts.length === this.#optimizers.length) {
      this.#runner.run(this.#together);
      return;
    }
    for (const { index } of parts) {
      const optimizer = this.#optimizers[index];
      if (optimizer === undefined) {
        throw new WebVeraError('internal', 'A step was queued before its programs were loaded');
      }
      this.#runner.run(optimizer);
    }
  }

  async release(): Promise<void> {
    for (const optimizer of this.#optimizers) optimizer.release();
    this.#together?.release();
    this.#before?.release();
    await this.#programs.release();
    this.#runner.free([...this.#states.flatMap(optimizerValues), ...this.#shared]);
  }

  /** Returns the number of losses of a row. Each loss belongs to one row, so a batch has as many losses as its rows have together. */
  #termsOf(row: unknown): number {
    const { task, args } = this.#init;
    const count = (): number => termsOf(task.batch([row], args));
    if (typeof row !== 'object' || row === null) return count();
    const terms = this.#terms.get(row) ?? count();
    this.#terms.set(row, terms);
    return terms;
  }

  get #shared(): Value[] {
    return [...this.#pools.values, this.#block, this.#stats];
  }

  /** Returns the step blocks to write before a micro-batch: one for the whole batch, and one for each adapter. */
  #blocks(
    { labelled: ofBatch }: Batch,
    {
      parts,
      labelled,
      tokens,
      microStep,
    }: {
      readonly parts: readonly LaneStep[];
      readonly labelled: readonly number[];
      readonly tokens: number;
      readonly microStep: number;
    },
  ): Map<Value, DataView<ArrayBuffer>> {
    const { adam_beta1: beta1, adam_beta2: beta2 } = this.#init.args;
    const shared = { microStep, labelled: ofBatch, beta1, beta2 };
    const blocks = new Map([[this.#block, packStepBlock({ ...shared, step: 1, learningRate: 0, tokens })]]);
    for (const [at, { index, step, learningRate }] of parts.entries()) {
      const state = this.#states[index];
      if (state === undefined) continue;
      blocks.set(state.block, packStepBlock({ ...shared, step, learningRate, tokens: labelled[at] ?? 0 }));
    }
    return blocks;
  }

  #build(shape: BatchShape, checkpointing: boolean): LossProgram {
    const { loaded, task, overlay, args } = this.#init;
    const rows = { pools: this.#pools, own: this.#states };
    const training = { grads: new Map<Adapter, Value>(), checkpointing, smoothing: args.label_smoothing_factor, rows };
    return lossProgram(task, loaded, overlay, shape, { block: this.#block, stats: this.#stats, training });
  }
}

/**
 * Throws `invalid_argument` for adapters that wrap the head, because the head processes labelled tokens without knowing to which rows they
 * belong.
 */
function expectHeadAlone({ loaded, adapters }: Pick<LaneProgramsInit, 'loaded' | 'adapters'>): void {
  const found = loaded.model.head.modules.find(({ name }) => adapters.some(({ modules }) => modules.has(name)));
  if (found === undefined) return;
  const message = `adapters: expected adapters that train together, but they wrap ${found.name}, which is of the head`;
  throw new WebVeraError('invalid_argument', message, { hint: 'Leave it out of target_modules.' });
}
