import type { ModeChoice } from '../../src/adapters/layers/training_layers';
import { numel } from '../../src/core/numbers/shape';
import { byteLength, type Value } from '../../src/graph/value';
import { inChunks, totalFlops } from '../../src/graph/work';
import { type Batch, termsOf } from '../../src/tasks/task/task_batches';
import { lossChunks } from '../../src/tasks/task/task_loss';
import { LoadedLayers, layersOfRun } from '../../src/train/steps/loaded_layers';
import { lossProgram, writeBatch } from '../../src/train/steps/loss_program';
import {
  createOptimizerState,
  gradientsOf,
  type OptimizerState,
  optimizerProgram,
  optimizerValues,
  readBy,
} from '../../src/train/steps/optimizer';
import { packStepBlock } from '../../src/train/steps/step_block';
import { type AdapterStage, openAdapterStage, type StageOptions } from './adapter_stage';
import { type Learnt, randomWork } from './random_work';
import { type Stage, type StageStep, stepsOf } from './replays';

export interface TrainingStageOptions extends StageOptions {
  /** The number of examples in a step: texts, pairs of texts, or rated texts. */
  readonly batch: number;
  /** The number of tokens per text. */
  readonly tokens: number;
  /** The kind of examples. Default: texts. */
  readonly learns?: Learnt;
  /** How adapted layers are computed. Default: `cheapest`. */
  readonly modes?: ModeChoice;
}

type StepOptions = Omit<TrainingStageOptions, keyof StageOptions> & Pick<StageOptions, 'signal'>;

const OPTIMIZER = {
  adam_beta1: 0.9,
  adam_beta2: 0.999,
  adam_epsilon: 1e-8,
  weight_decay: 0,
  max_grad_norm: 1,
  learning_rate: 1,
  objective: 'labels' as const,
  headLearningRate: null,
};
/** The name of the adapter that is trained. */
export const ADAPTER = 'default';

/** A training step that can run any number of times. */
export interface TrainingStage extends Stage {
  /** All dispatches of a step, in order. */
  readonly steps: readonly StageStep[];
  /** Floating-point operations of a step. */
  readonly flops: number;
  /** Returns the floating-point operations of the same step in another mode, without loading its whole program. */
  flopsIn(options: StepOptions & Required<Pick<StepOptions, 'modes'>>): Promise<number>;
  /** Returns the GPU memory in bytes: the size of the model's weights, and the peak memory usage. */
  memory(): { readonly weightBytes: number; readonly peakBytes: number };
}

/** Opens a device, and loads a model and a training step. Throws `unsupported_device`, and the errors of loading a model. */
export async function openTrainingStage(gpu: GPU | undefined, options: TrainingStageOptions): Promise<TrainingStage> {
  const stage = await openAdapterStage(gpu, options, [ADAPTER]);
  try {
    return await loadTrainingStage(stage, options);
  } catch (error) {
    stage.close();
    throw error;
  }
}

/** Loads a training step of the adapter on `stage`. Several training steps may share one `AdapterStage`. */
export async function loadTrainingStage(stage: AdapterStage, options: StepOptions): Promise<TrainingStage> {
  const { signal } = options;
  const { executor, base, host } = stage;
  const { adapter, task, batch, state, layers, chunks, ...planned } = await planStep(stage, options);
  const { program, inputs } = planned.loss;
  writeBatch(executor, task, inputs, batch);
  executor.write(state.block, packStepBlock(stepBlock(batch)));
  signal?.throwIfAborted();
  const loss = await executor.load(program);
  signal?.throwIfAborted();
  const optimizer = await executor.load(planned.optimizer);
  const vectors = new Float32Array(await executor.read(adapter.pool));
  /** The values that a step changes, with their initial elements. */
  const fresh = [...zeros(state), [adapter.pool, vectors] as const];
  const programs = [layers.before, loss, layers.after, optimizer].filter((part) => part !== undefined);
  const steps = programs.flatMap((program) => stepsOf(program, host.info)).filter(({ step }) => inChunks(chunks)(step));
  return {
    executor,
    info: host.info,
    steps,
    flops: totalFlops(steps.map(({ step }) => step)),
    async flopsIn(others) {
      const { layers, loss, optimizer, chunks } = await planStep(stage, others);
      return totalFlops([...layers.steps, ...loss.program.steps, ...optimizer.steps].filter(inChunks(chunks)));
    },
    memory() {
      const weightBytes = [...base.loaded.weights.values()].reduce((sum, weight) => sum + byteLength(weight), 0);
      return { weightBytes, peakBytes: executor.usage().peakBytes };
    },
    reset() {
      for (const [value, numbers] of fresh) executor.write(value, numbers);
    },
    run(times) {
      for (let time = 0; time < times; time++) {
        for (const program of programs) executor.run(program, { chunks });
      }
    },
    replay: ({ program, index }, times) => executor.replay(program, index, times),
    close: () => stage.close(),
  };
}

/**
 * Plans the programs of a training step. Some modes (ways to compute adapted layers) run additional programs before and after the
 * micro-batches. Only these programs are loaded.
 */
async function planStep(
  { executor, vera, base }: AdapterStage,
  { batch: rows, tokens, learns = 'texts', modes: choice }: StepOptions,
) {
  const { loaded } = base;
  const adapter = vera.adapter(ADAPTER);
  const state = await createOptimizerState(executor, [adapter]);
  const { task, batch } = randomWork(base, learns, { batch: rows, tokens });
  const overlay = vera.overlay(ADAPTER);
  const args = { max_length: tokens, per_device_train_batch_size: rows, gradient_accumulation_steps: 1 };
  const grads = gradientsOf(state);
  const { maxBindingBytes } = executor;
  const run = { loaded, task, overlay, adapters: [adapter], args, modes: choice, grads, maxBindingBytes };
  const layers = await LoadedLayers.create(executor, layersOfRun(run));
  const training = { grads, seed: 1, layers: layers.inProgram };
  const loss = lossProgram(task, loaded, overlay, batch, { ...state, training });
  const optimizer = optimizerProgram(state, OPTIMIZER, readBy(loaded, OPTIMIZER));
  return { adapter, task, state, batch, layers, loss, optimizer, chunks: lossChunks(batch.labelled, loss.chunkRows) };
}

/** Returns the values of the optimiser's state, each with its initial zeros, but not `block`, which holds the step's arguments. */
function zeros(state: OptimizerState): [Value, Float32Array<ArrayBuffer>][] {
  const values = optimizerValues(state).filter((value) => value !== state.block);
  return values.map((value) => [value, new Float32Array(numel(value.shape))]);
}

function stepBlock(batch: Batch): Parameters<typeof packStepBlock>[0] {
  const { adam_beta1: beta1, adam_beta2: beta2 } = OPTIMIZER;
  const { labelled } = batch;
  return { step: 1, microStep: 0, labelled, tokens: termsOf(batch), learningRate: 1e-3, beta1, beta2 };
}
