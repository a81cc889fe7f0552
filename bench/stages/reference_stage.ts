import { BASE } from '../../src/adapters/layers/overlay';
import { WebVeraError } from '../../src/core/errors/error';
import type { Executor } from '../../src/gpu/executor';
import type { LoadedProgram } from '../../src/graph/runner';
import type { Step } from '../../src/graph/step';
import { inChunks } from '../../src/graph/work';
import { compares } from '../../src/tasks/task/run_task';
import { lossChunks } from '../../src/tasks/task/task_loss';
import { logpsProgram, writeBatch } from '../../src/train/steps/loss_program';
import { packStepBlock, stepBlockValue } from '../../src/train/steps/step_block';
import type { AdapterStage } from './adapter_stage';
import { randomWork, type WorkSizes } from './random_work';

/** The forward pass that computes the base model's log probabilities of the pairs of a training step. */
export class ReferenceStage {
  readonly executor: Executor;
  readonly #program: LoadedProgram;
  readonly #chunks: number;

  private constructor(executor: Executor, program: LoadedProgram, chunks: number) {
    this.executor = executor;
    this.#program = program;
    this.#chunks = chunks;
  }

  static async on({ executor, base }: AdapterStage, sizes: WorkSizes): Promise<ReferenceStage> {
    const { task, batch } = randomWork(base, 'pairs', sizes);
    const block = stepBlockValue();
    if (!compares(task)) throw new WebVeraError('internal', 'Pairs are compared with the base model');
    const { program, inputs, chunkRows } = logpsProgram(task, base.loaded, BASE, batch, block);
    writeBatch(executor, task, inputs, batch);
    const { labelled } = batch;
    const words = { step: 1, microStep: 0, labelled, learningRate: 0, tokens: 1, beta1: 0, beta2: 0 };
    executor.write(block, packStepBlock(words));
    return new ReferenceStage(executor, await executor.load(program), lossChunks(labelled, chunkRows));
  }

  /** All dispatches of the pass. */
  steps(): readonly Step[] {
    return this.#program.program.steps.filter(inChunks(this.#chunks));
  }

  /** Does nothing, because the pass doesn't change its inputs. */
  reset(): void {}

  run(times: number): void {
    for (let time = 0; time < times; time++) this.executor.run(this.#program, { chunks: this.#chunks });
  }
}
