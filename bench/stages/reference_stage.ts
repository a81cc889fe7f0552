import { BASE } from '../../src/adapters/layers/overlay';
import { WebVeraError } from '../../src/core/errors/error';
import type { Step } from '../../src/graph/step';
import { inChunks } from '../../src/graph/work';
import { compares } from '../../src/tasks/task/run_task';
import { lossChunks } from '../../src/tasks/task/task_loss';
import { logpsProgram, writeBatch } from '../../src/train/steps/loss_program';
import { packStepBlock, stepBlockValue } from '../../src/train/steps/step_block';
import type { AdapterStage } from './adapter_stage';
import { randomWork, type WorkSizes } from './random_work';
import type { Stage } from './replays';

/** The forward pass that computes the base model's log probabilities of the pairs of a training step. */
export interface ReferenceStage extends Pick<Stage, 'executor' | 'reset' | 'run'> {
  /** All dispatches of the pass. */
  readonly steps: readonly Step[];
}

export async function loadReferenceStage({ executor, base }: AdapterStage, sizes: WorkSizes): Promise<ReferenceStage> {
  const { task, batch } = randomWork(base, 'pairs', sizes);
  const block = stepBlockValue();
  if (!compares(task)) throw new WebVeraError('internal', 'Pairs are compared with the base model');
  const { program, inputs, chunkRows } = logpsProgram(task, base.loaded, BASE, batch, block);
  writeBatch(executor, task, inputs, batch);
  const { labelled } = batch;
  const words = { step: 1, microStep: 0, labelled, learningRate: 0, tokens: 1, beta1: 0, beta2: 0 };
  executor.write(block, packStepBlock(words));
  const pass = await executor.load(program);
  const chunks = lossChunks(labelled, chunkRows);
  return {
    executor,
    steps: program.steps.filter(inChunks(chunks)),
    // The pass doesn't change its inputs.
    reset() {},
    run(times) {
      for (let time = 0; time < times; time++) executor.run(pass, { chunks });
    },
  };
}
