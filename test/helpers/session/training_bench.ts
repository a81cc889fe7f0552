import { type Overlay, overlayOf } from '../../../src/adapters/layers/overlay';
import { VeraConfig, type VeraConfigInit } from '../../../src/adapters/vera/config/vera_config';
import type { VeraAdapter } from '../../../src/adapters/vera/vera_adapter';
import { f16ToF32 } from '../../../src/core/numbers/float16';
import { numel } from '../../../src/core/numbers/shape';
import { folderFiles } from '../../../src/formats/models/model_files';
import type { Executor } from '../../../src/gpu/executor';
import type { Step } from '../../../src/graph/step';
import type { Value } from '../../../src/graph/value';
import { openSource } from '../../../src/hub/open_source';
import { textSizes } from '../../../src/models/architecture';
import type { LoadedModel } from '../../../src/models/loaded_model';
import { resolveTrainingArguments } from '../../../src/page/training/training_arguments';
import { CausalLm } from '../../../src/tasks/causal_lm/causal_lm';
import type { TextBatch } from '../../../src/tasks/causal_lm/text_batch';
import { labelledRows } from '../../../src/tasks/causal_lm/text_batch';
import { lossChunks } from '../../../src/tasks/task/task_loss';
import { lossProgram, writeBatch } from '../../../src/train/steps/loss_program';
import {
  createOptimizerState,
  gradientsOf,
  optimizerProgram,
  optimizerValues,
  readBy,
} from '../../../src/train/steps/optimizer';
import { packStepBlock, unpackStats } from '../../../src/train/steps/step_block';
import { loadModel } from '../../../src/worker/models/loading/model_loader';
import type { Memory } from '../../reference/runner';
import { type GpuOptions, testExecutor } from '../gpu/on_gpu';
import { randomArray } from '../maths/random';
import { placeVera, resolveVera, veraPlacer } from './vera_placer';

/** A model and adapters with seeded vectors on the device, without a session. */
export interface TrainingBench {
  readonly executor: Executor;
  readonly loaded: LoadedModel;
  readonly adapters: readonly VeraAdapter[];
  /** Applies all adapters to the base model. */
  readonly overlay: Overlay;
}

export async function openTrainingBench(
  source: { readonly files: ReadonlyMap<string, Blob> },
  inits: readonly VeraConfigInit[],
  { vectors = 0.5, ...options }: { readonly vectors?: number } & GpuOptions = {},
): Promise<TrainingBench> {
  const executor = testExecutor(options);
  const loading = { dtype: 'auto', onUpload: () => {} } as const;
  const loaded = await loadModel(folderFiles(openSource(source)), executor, loading);
  const placer = veraPlacer(executor, loaded);
  const adapters: VeraAdapter[] = [];
  for (const [index, init] of inits.entries()) {
    const resolved = resolveVera(new VeraConfig(init), loaded.model);
    const adapter = await placeVera(placer, resolved, { name: `adapter ${index}`, others: adapters });
    await setVectors(executor, adapter, index, vectors);
    adapters.push(adapter);
  }
  return { executor, loaded, adapters, overlay: overlayOf(adapters, adapters) };
}

/** Writes seeded vectors (λ_b up to ±`scale`, λ_d up to ±0.5), and adds up to ±0.1 to the elements of trained tensors. */
async function setVectors(executor: Executor, adapter: VeraAdapter, seed: number, scale: number): Promise<void> {
  const { layout, pool: trained } = adapter;
  const pool = await floatsOf(executor, trained);
  const random = (length: number, draw: number, size: number) => randomArray(length, 500 * (seed + 1) + draw, size);
  for (const [index, { out_features, offsetB, offsetD }] of [...layout.slots.values()].entries()) {
    pool.set(random(out_features, 2 * index, scale), offsetB);
    pool.set(random(layout.r, 2 * index + 1, 0.5), offsetD);
  }
  for (const [index, { shape, offset }] of [...layout.tensors.values()].entries()) {
    random(numel(shape), 200 + index, 0.1).forEach((change, at) => {
      pool[offset + at]! += change;
    });
  }
  executor.write(trained, Float32Array.from(pool));
}

/** Creates rows of seeded tokens, padded on the right. All tokens except padding are labelled. */
export function seededBatch({ loaded: { model } }: TrainingBench, lengths: readonly number[], T: number): TextBatch {
  const B = lengths.length;
  const { padTokenId, vocabSize } = textSizes(model);
  const input_ids = new Uint32Array(B * T).fill(padTokenId ?? 0);
  const attention_mask = new Uint32Array(B * T);
  const labels = new Int32Array(B * T).fill(-100);
  lengths.forEach((length, row) => {
    randomArray(length, 40 + row).forEach((value, at) => {
      const id = 3 + Math.floor(((value + 1) / 2) * (vocabSize - 3));
      input_ids[row * T + at] = id;
      labels[row * T + at] = id;
      attention_mask[row * T + at] = 1;
    });
  });
  return { B, T, input_ids, attention_mask, ...labelledRows(labels, B, T) };
}

export interface StepOptions {
  readonly step?: number;
  readonly microStep?: number;
  readonly seed?: number;
  readonly learningRate?: number;
  readonly checkpointing?: boolean;
}

/** A limit for the norm of the gradients that is so small that they are clipped. */
export const MAX_GRAD_NORM = 0.02;

/** Builds a training step that can run on the device and in float64: forward pass, backward pass and AdamW. */
export async function buildStep(bench: TrainingBench, batch: TextBatch, options: StepOptions = {}) {
  const { executor, loaded, adapters, overlay } = bench;
  const { step = 1, microStep = 0, seed = 0, learningRate = 0.01, checkpointing = false } = options;
  const state = await createOptimizerState(executor, adapters);
  const task = new CausalLm(loaded.model);
  const training = { grads: gradientsOf(state), seed, checkpointing };
  const text = lossProgram(task, loaded, overlay, batch, { ...state, training });
  const args = resolveTrainingArguments({ weight_decay: 0.1, max_grad_norm: MAX_GRAD_NORM });
  const optimizer = optimizerProgram(state, args, readBy(loaded, args));
  writeBatch(executor, task, text.inputs, batch);
  const chunks = lossChunks(batch.labelled, text.chunkRows);
  const block = (at: { step: number; microStep: number }): void => {
    const { labelled } = batch;
    const fields = { ...at, labelled, learningRate, tokens: labelled, beta1: 0.9, beta2: 0.999 };
    executor.write(state.block, packStepBlock(fields));
  };
  block({ step, microStep });
  const [readyText, readyOptimizer] = [await executor.load(text.program), await executor.load(optimizer)];
  return {
    state,
    chunks,
    backward: text.program.steps,
    update: optimizer.steps,
    at: block,
    /** Queues the forward and backward pass. The backward pass adds to the gradients in the adapters' buffers (`state.pools`). */
    runBackward: () => executor.run(readyText, { chunks }),
    runUpdate: () => executor.run(readyOptimizer),
    gradients: (adapter: VeraAdapter) => floatsOf(executor, state.pools.get(adapter)!.grads),
    clear: () => {
      for (const { grads } of state.pools.values()) executor.write(grads, new Float32Array(numel(grads.shape)));
    },
    stats: async () => unpackStats(await executor.read(state.stats)),
    release: () => {
      readyText.release();
      readyOptimizer.release();
      executor.free([...optimizerValues(state), ...text.owned]);
    },
  };
}

/** Reads the pinned values of some steps from the device as float64, so that the reference can run these steps. */
export async function memoryOf(executor: Executor, steps: readonly Step[]): Promise<Memory> {
  const used = steps.flatMap(({ values }) => Object.values(values));
  const owners = new Set(used.filter(isHeld).map((value) => value.view?.of ?? value));
  const memory: Memory = new Map();
  for (const value of owners) memory.set(value, await numbersOf(executor, value));
  return memory;
}

/** Whether a value has memory of its own on the device. Constant tables haven't: each program writes its own copy of them. */
function isHeld({ pinned, content }: Value): boolean {
  return pinned && content === undefined;
}

async function numbersOf(executor: Executor, value: Value): Promise<Float64Array> {
  const bytes = await executor.read(value);
  const length = numel(value.shape);
  if (value.dtype === 'u32') return Float64Array.from(new Uint32Array(bytes, 0, length));
  if (value.dtype === 'f16') return Float64Array.from(f16ToF32(new Uint16Array(bytes, 0, length)));
  return Float64Array.from(new Float32Array(bytes, 0, length));
}

/** Reads a pinned f32 value's numbers. */
export function floatsOf(executor: Executor, value: Value): Promise<Float64Array> {
  return numbersOf(executor, value);
}

/** Frees the model and its adapters. */
export function closeTrainingBench({ executor, loaded, adapters }: TrainingBench): void {
  const projections = adapters.flatMap(({ projections: { A, B } }) => [A, B]);
  executor.free([...loaded.weights.values(), ...loaded.constants.values(), ...projections]);
  executor.free(adapters.map(({ pool }) => pool));
}
