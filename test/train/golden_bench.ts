import { expect } from 'vitest';
import type { Adapter, AdapterKind, ResolvedAdapter } from '../../src/adapters/adapter';
import { kindNamed } from '../../src/adapters/adapter_kinds';
import { expectedTensors } from '../../src/adapters/files/expected_tensors';
import { type Overlay, overlayOf } from '../../src/adapters/layers/overlay';
import type { LayerMode } from '../../src/adapters/layers/training_layers';
import type { Tensor } from '../../src/core/types/tensor';
import type { ResolvedTrainingArguments } from '../../src/core/types/training';
import { folderFiles } from '../../src/formats/models/model_files';
import type { Executor } from '../../src/gpu/executor';
import { ProgramCache } from '../../src/graph/program_cache';
import type { Value } from '../../src/graph/value';
import { openSource } from '../../src/hub/open_source';
import type { LoadedModel } from '../../src/models/loaded_model';
import { resolveTrainingArguments } from '../../src/page/training/training_arguments';
import { lossChunks } from '../../src/tasks/task/task_loss';
import { createTask } from '../../src/tasks/task_registry';
import { LossMeter } from '../../src/train/evaluate';
import { LoadedLayers, layersOfRun } from '../../src/train/steps/loaded_layers';
import { logitsProgram, lossProgram, writeBatch } from '../../src/train/steps/loss_program';
import { createOptimizerState, gradientsOf, optimizerProgram, readBy } from '../../src/train/steps/optimizer';
import { packStepBlock, unpackStats } from '../../src/train/steps/step_block';
import { AdapterPlacer } from '../../src/worker/adapters/adapter_placer';
import { poolTensors } from '../../src/worker/adapters/adapter_pool';
import { readFloats } from '../../src/worker/models/loading/file_order';
import { loadModel } from '../../src/worker/models/loading/model_loader';
import {
  type GoldenCase,
  type GoldenTraining,
  goldenBase,
  goldenCase,
  goldenTensors,
  moduleNamesOf,
} from '../helpers/golden/golden';
import { batchFor, givenInputs, taskOfBase } from '../helpers/golden/golden_batches';
import { testExecutor } from '../helpers/gpu/on_gpu';
import { splittingBytes } from '../helpers/gpu/shards';

export interface Case {
  readonly name: string;
  /** The names of the tensors that are divided into shards. Their rows have `columns` numbers. */
  readonly split: readonly string[];
  readonly columns?: number;
  /** Whether the model's programs join steps. Default: true. */
  readonly joinsSteps?: boolean;
}

/** The seed with which the oracle draws the random initial values of adapters. */
const ORACLE_SEED = 7;
const BETAS = { beta1: 0.9, beta2: 0.999 };

/** A golden case, loaded on the GPU. */
export interface Bench {
  readonly golden: GoldenCase;
  readonly tensors: ReadonlyMap<string, Float32Array>;
  readonly executor: Executor;
  readonly loaded: LoadedModel;
  readonly placer: AdapterPlacer;
  readonly kind: AdapterKind;
  readonly resolved: ResolvedAdapter;
}

export async function openBench({ name, columns, joinsSteps = true }: Case): Promise<Bench> {
  const golden = goldenCase(name);
  const executor = testExecutor(columns === undefined ? {} : { maxBindingBytes: splittingBytes(columns) });
  const module_names = moduleNamesOf(golden);
  const options = { dtype: 'auto', task: taskOfBase(golden.base), module_names, onUpload: () => {} } as const;
  // Joined steps, as on a GPU: on the software GPU that runs the tests, other suites train models whose steps aren't joined.
  const loaded = {
    ...(await loadModel(folderFiles(openSource(goldenBase(golden.base))), executor, options)),
    joinsSteps,
  };
  const fields = golden.peft_config ?? { ...golden.vera_config, peft_type: 'VERA' };
  const kind = kindNamed(fields);
  const resolved = kind.resolve(new kind.Config(fields), loaded.model, { later: false });
  const frozen = kind.frozen?.pool(executor, () => {});
  const placer = new AdapterPlacer({ runner: executor, loaded, frozen: () => frozen });
  return { golden, tensors: goldenTensors(name), executor, loaded, placer, kind, resolved };
}

/** Places the case's adapter on the GPU, with its initial values or with the case's random values. */
export async function place(
  { placer, kind, resolved, tensors, loaded }: Bench,
  start: 'init' | 'random',
): Promise<Adapter> {
  const expected = expectedTensors(kind, resolved, loaded.model);
  const state = (name: string, dims: readonly number[]): [string, Tensor] => [
    name,
    { dims, data: tensors.get(`random.state.${name}`)! },
  ];
  const stored = {
    parameters: new Map([...expected.parameters].map(([name, shape]) => state(name, shape))),
    frozen: new Map<string, Tensor>(),
    others: new Map([...expected.others].map(([name, { shape }]) => state(name, shape))),
  };
  const plan = { kind, name: 'default', key: 'default', resolved, trainable: true, options: { seed: ORACLE_SEED } };
  return placer.place({ ...plan, tensors: start === 'init' ? undefined : stored }, []);
}

/** Reads the trained values, or their gradients if `pool` is the buffer of gradients. Returns them by their names in files. */
export async function trainedNumbers(
  { executor, loaded }: Bench,
  adapter: Adapter,
  pool = adapter.pool,
): Promise<Map<string, Float32Array>> {
  const { parameters, others } = poolTensors(loaded.model, adapter, await readFloats(executor, pool));
  return new Map([...parameters, ...others].map(([name, { data }]) => [name, data]));
}

export async function forward(bench: Bench, overlay: Overlay): Promise<{ logits: Float32Array; loss: number }> {
  const { executor, loaded, golden } = bench;
  const batch = batchFor(loaded.model, golden.inputs.batch);
  const task = createTask(loaded.model);
  const { program, inputs, logits } = logitsProgram(task, loaded, overlay, batch);
  const ready = await executor.load(program);
  writeBatch(executor, task, inputs, batch);
  executor.run(ready);
  const bytes = await executor.read(logits);
  ready.release();
  const meter = new LossMeter(executor, new ProgramCache(executor), task, loaded);
  const { loss } = await meter.measure([batch], overlay);
  const given = givenInputs(golden.inputs.batch, loaded.model.task);
  return { logits: task.logitsOf(new Float32Array(bytes), given, batch).data, loss };
}

/** Loads the adapted layers for training. Those that support `mode`, a way to compute a layer, use it. */
async function layersIn(
  { executor, loaded }: Bench,
  adapter: Adapter,
  mode: LayerMode,
  grads: ReadonlyMap<Adapter, Value>,
): Promise<LoadedLayers> {
  const overlay = overlayOf([adapter], [adapter]);
  const task = createTask(loaded.model);
  const { maxBindingBytes } = executor;
  const run = { loaded, task, overlay, adapters: [adapter], args: resolveTrainingArguments(), modes: mode };
  const layers = layersOfRun({ ...run, grads, maxBindingBytes });
  expect(layers?.values.length ?? 0).toBeGreaterThanOrEqual(mode === 'merged' || mode === 'dense' ? 1 : 0);
  return LoadedLayers.create(executor, layers);
}

/** Computes the gradients of the batch's loss for everything that trains. Returns them by saved name, with their norm. */
export async function gradients(
  bench: Bench,
  adapter: Adapter,
  mode: LayerMode,
): Promise<{ grads: Map<string, Float32Array>; norm: number }> {
  const { executor, loaded, golden } = bench;
  const batch = batchFor(loaded.model, golden.inputs.batch);
  const state = await createOptimizerState(executor, [adapter]);
  const layers = await layersIn(bench, adapter, mode, gradientsOf(state));
  layers.begin();
  const training = { grads: gradientsOf(state), seed: 0, layers: layers.inProgram };
  const task = createTask(loaded.model);
  const { program, inputs, chunkRows } = lossProgram(task, loaded, overlayOf([adapter], [adapter]), batch, {
    ...state,
    training,
  });
  const ready = await executor.load(program);
  writeBatch(executor, task, inputs, batch);
  const { labelled } = batch;
  const block = { step: 1, microStep: 0, labelled, learningRate: 0, tokens: labelled, ...BETAS };
  executor.write(state.block, packStepBlock(block));
  executor.run(ready, { chunks: lossChunks(batch.labelled, chunkRows) });
  layers.finish();
  const grads = await trainedNumbers(bench, adapter, state.pools.get(adapter)!.grads);
  const args = resolveTrainingArguments();
  const optimizer = await executor.load(optimizerProgram(state, args, readBy(loaded, args)));
  executor.run(optimizer);
  const { gradNorm } = unpackStats(await executor.read(state.stats));
  ready.release();
  optimizer.release();
  layers.release();
  return { grads, norm: gradNorm };
}

export async function tenSteps(
  bench: Bench,
  adapter: Adapter,
  training: GoldenTraining,
  mode: LayerMode,
): Promise<{ losses: number[]; norms: number[] }> {
  const { executor, loaded, golden } = bench;
  const { contrast: contrastTemperature } = training;
  const args: ResolvedTrainingArguments = resolveTrainingArguments({
    weight_decay: training.weight_decay,
    max_grad_norm: training.max_grad_norm ?? 0,
    ...(contrastTemperature !== undefined && { objective: 'contrast' as const, contrastTemperature }),
  });
  const state = await createOptimizerState(executor, [adapter]);
  const optimizer = await executor.load(optimizerProgram(state, args, readBy(loaded, args)));
  const batches = golden.inputs.train_batches.map((batch) => batchFor(loaded.model, batch));
  const layers = await layersIn(bench, adapter, mode, gradientsOf(state));
  const task = createTask(loaded.model);
  const text = lossProgram(task, loaded, overlayOf([adapter], [adapter]), batches[0]!, {
    ...state,
    contrastTemperature,
    training: { grads: gradientsOf(state), seed: 0, layers: layers.inProgram },
  });
  const ready = await executor.load(text.program);
  const losses: number[] = [];
  const norms: number[] = [];
  for (const [index, chosen] of training.batches.entries()) {
    const ofStep = chosen.map((batch) => batches[batch]!);
    layers.begin();
    const allTokens = ofStep.reduce((sum, { labelled }) => sum + labelled, 0);
    ofStep.forEach((batch, microStep) => {
      writeBatch(executor, task, text.inputs, batch);
      const tokens = training.normalise === 'mean_of_means' ? batch.labelled * ofStep.length : allTokens;
      const learningRate = training.lrs[index]!;
      const block = { step: index + 1, microStep, labelled: batch.labelled, learningRate, tokens, ...BETAS };
      executor.write(state.block, packStepBlock(block));
      executor.run(ready, { chunks: lossChunks(batch.labelled, text.chunkRows) });
    });
    layers.finish();
    executor.run(optimizer);
    const stats = unpackStats(await executor.read(state.stats));
    expect(stats.finite).toBe(true);
    losses.push(stats.loss);
    norms.push(stats.gradNorm);
  }
  ready.release();
  optimizer.release();
  layers.release();
  return { losses, norms };
}
