import { WebVeraError } from '../../core/errors/error';
import { type Cached, ProgramCache } from '../../graph/program_cache';
import type { Runner } from '../../graph/runner';
import type { Value } from '../../graph/value';
import { type Batch, type BatchShape, shapeKey } from '../../tasks/task/task_batches';
import { lossChunks } from '../../tasks/task/task_loss';
import { tooLarge } from '../too_large';
import type { TrainingInit } from '../training_init';
import { type LossProgram, writeBatch } from './loss_program';

interface BatchProgramsInit extends Pick<TrainingInit, 'task' | 'args'> {
  readonly runner: Runner;
  /** The maximum number of cached programs. */
  readonly capacity: number;
  build(shape: BatchShape, checkpointing: boolean): LossProgram;
  /** Called when memory has run out and steps continue with gradient checkpointing. */
  onCheckpointing(): void;
}

/**
 * Builds, loads and caches the programs of a run's batches, one for each shape, when a batch first needs it. Runs don't share programs,
 * because a program accumulates gradients in the buffers of its run. If memory runs out, all batches continue with gradient checkpointing.
 */
export class BatchPrograms {
  readonly #init: BatchProgramsInit;
  readonly #cache: ProgramCache;
  #checkpointing: boolean;

  constructor(init: BatchProgramsInit) {
    this.#init = init;
    this.#cache = new ProgramCache(init.runner, { capacity: init.capacity, early: true });
    this.#checkpointing = init.args.gradient_checkpointing;
  }

  /** Builds a program without loading it. */
  build(shape: BatchShape): LossProgram {
    return this.#init.build(shape, this.#checkpointing);
  }

  /**
   * Queues a batch. Each of `blocks` is written to its value before the batch's program runs. `which` holds the index of each row's adapter
   * (B), if each row has its own adapter.
   */
  async queue(
    batch: Batch,
    blocks: ReadonlyMap<Value, DataView<ArrayBuffer>>,
    which?: Uint32Array<ArrayBuffer>,
  ): Promise<void> {
    const { runner, task } = this.#init;
    await this.use(batch, ({ built, loaded: program }) => {
      writeBatch(runner, task, built.inputs, batch, which);
      for (const [value, block] of blocks) runner.write(value, block);
      runner.run(program, { chunks: lossChunks(batch.labelled, built.chunkRows) });
      return program.ready;
    });
  }

  /** Calls `body` with the program of a shape. `body` must follow the rules of `ProgramCache.use`. */
  async use<R>(shape: BatchShape, body: (cached: Cached<LossProgram>) => R): Promise<Awaited<R>> {
    try {
      return await this.#loaded(shape, body);
    } catch (error) {
      if (this.#checkpointing || !(error instanceof WebVeraError && error.code === 'out_of_memory')) throw error;
      this.#checkpointing = true;
      await this.#cache.dropAll();
      this.#init.onCheckpointing();
      return await this.#loaded(shape, body);
    }
  }

  /**
   * Loads the program of the largest batches, so that a lack of memory is noticed before the first step. Throws `limit_exceeded` and
   * `out_of_memory`, with the arguments to change.
   */
  async reserve(shape: BatchShape): Promise<void> {
    try {
      await this.use(shape, () => {});
    } catch (error) {
      throw tooLarge(error, shape, this.#init.args, this.#init.task);
    }
  }

  release(): Promise<void> {
    return this.#cache.dropAll();
  }

  #loaded<R>(shape: BatchShape, body: (cached: Cached<LossProgram>) => R): Promise<Awaited<R>> {
    return this.#cache.use({ name: 'training step', shape: shapeKey(shape) }, () => this.build(shape), body);
  }
}
