import { describe, expect, test } from 'vitest';
import { VeraConfig } from '../../src/adapters/config';
import { initialParameters, layoutParameters, packParameters, unpackParameters } from '../../src/adapters/parameters';
import { ProjectionPool } from '../../src/adapters/projection_pool';
import { resolveTargets } from '../../src/adapters/targets';
import type { VeraAdapter } from '../../src/adapters/vera_adapter';
import { defaultLimits } from '../../src/core/source';
import type { ResolvedTrainingArguments } from '../../src/core/training';
import type { Executor } from '../../src/gpu/executor';
import { ProgramCache } from '../../src/graph/program_cache';
import { pinned } from '../../src/graph/value';
import { openSource } from '../../src/hub/open_source';
import type { LoadedModel } from '../../src/models/loaded_model';
import { resolveTrainingArguments } from '../../src/page/training_arguments';
import { labelledRows } from '../../src/train/batches';
import { LossMeter } from '../../src/train/evaluate';
import { lossChunks, type MicroBatch, writeBatch } from '../../src/train/micro_batch';
import { createOptimizerState, optimizerProgram } from '../../src/train/optimizer';
import { packStepBlock, unpackStats } from '../../src/train/step_block';
import { logitsProgram, lossProgram } from '../../src/train/text_program';
import { loadModel } from '../../src/worker/model_loader';
import {
  type GoldenBatch,
  type GoldenCase,
  type GoldenTraining,
  goldenBase,
  goldenCase,
  goldenTensors,
  largestDifference,
} from '../helpers/golden';
import { testExecutor } from '../helpers/on_gpu';

const cases = [
  'llama_layer0_small',
  'llama_qvud_big',
  'llama3_tied_mid',
  'llama_bf16_mid',
  'gpt2_all_mid',
  'gpt2_layer1_small',
  'gpt2_bare_notask',
  'opt_left_big',
  'opt_postnorm_mid',
];

interface Bench {
  readonly golden: GoldenCase;
  readonly tensors: ReadonlyMap<string, Float32Array>;
  readonly executor: Executor;
  readonly loaded: LoadedModel;
  readonly adapter: VeraAdapter;
}

async function open(name: string): Promise<Bench> {
  const golden = goldenCase(name);
  const executor = testExecutor();
  const options = { dtype: 'auto', limits: defaultLimits, onUpload: () => {} } as const;
  const loaded = await loadModel(openSource(goldenBase(golden.base)), executor, options);
  const { modules, config, max_in, max_out } = resolveTargets(
    new VeraConfig(golden.vera_config),
    loaded.model.modules,
    {
      model_type: loaded.model.config.model_type,
      output_embedding: loaded.model.head,
    },
  );
  const layout = layoutParameters(modules, config.r);
  const key = { projection_prng_key: config.projection_prng_key, r: config.r, max_in, max_out };
  const projections = await new ProjectionPool(executor).acquire(key, 'float32');
  const lambda = pinned('lambda', [layout.length]);
  executor.write(lambda, initialParameters(layout, config, 0));
  const adapter = { name: 'default', config, layout, projections, lambda, trainable: true };
  return { golden, tensors: goldenTensors(name), executor, loaded, adapter };
}

function microBatch({ input_ids, attention_mask, labels }: GoldenBatch): MicroBatch {
  const [B, T] = [input_ids.length, input_ids[0]!.length];
  return {
    B,
    T,
    input_ids: Uint32Array.from(input_ids.flat()),
    attention_mask: Uint32Array.from(attention_mask.flat()),
    ...labelledRows(labels.flat(), B, T),
  };
}

/** Sets the trained vectors to a state of the case's tensors. */
function setState({ executor, adapter, golden, tensors }: Bench, prefix: string): void {
  const vectors = new Map(Object.keys(golden.trainable).map((name) => [name, tensors.get(`${prefix}${name}`)!]));
  executor.write(adapter.lambda, packParameters(adapter.layout, vectors));
}

async function readVectors({ executor, adapter }: Bench, value = adapter.lambda): Promise<Map<string, Float32Array>> {
  const pool = new Float32Array(await executor.read(value)).subarray(0, adapter.layout.length);
  return unpackParameters(adapter.layout, pool);
}

async function forward(bench: Bench, adapted: boolean): Promise<{ logits: Float32Array; loss: number }> {
  const { executor, loaded, golden } = bench;
  const adapter = adapted ? bench.adapter : undefined;
  const batch = microBatch(golden.inputs.batch);
  const { program, inputs, logits } = logitsProgram(loaded, adapter, batch);
  const ready = await executor.load(program);
  writeBatch(executor, inputs, batch, loaded.model.positions);
  executor.run(ready);
  const bytes = await executor.read(logits);
  ready.release();
  const meter = new LossMeter(executor, new ProgramCache(executor), loaded);
  const { loss } = await meter.mean([batch], adapter, 'test');
  return { logits: new Float32Array(bytes).subarray(0, batch.B * batch.T * loaded.model.vocabSize), loss };
}

/** Gradients of the batch's loss by every trained vector, by saved name, and their norm. */
async function gradients(bench: Bench): Promise<{ grads: Map<string, Float32Array>; norm: number }> {
  const { executor, loaded, adapter, golden } = bench;
  const batch = microBatch(golden.inputs.batch);
  const state = await createOptimizerState(executor, adapter);
  const { program, inputs, chunkRows } = lossProgram(loaded, adapter, batch, state);
  const ready = await executor.load(program);
  writeBatch(executor, inputs, batch, loaded.model.positions);
  const block = {
    step: 1,
    microStep: 0,
    labelled: batch.labelled,
    learningRate: 0,
    tokens: batch.labelled,
    beta1: 0.9,
    beta2: 0.999,
  };
  executor.write(state.block, packStepBlock(block));
  executor.run(ready, { chunks: lossChunks(batch.labelled, chunkRows) });
  const grads = await readVectors(bench, state.grads);
  const optimizer = await executor.load(optimizerProgram(adapter, state, resolveTrainingArguments()));
  executor.run(optimizer);
  const { gradNorm } = unpackStats(await executor.read(state.stats));
  ready.release();
  optimizer.release();
  return { grads, norm: gradNorm };
}

describe.each(cases)('%s', async (name) => {
  const bench = await open(name);
  const { golden, tensors } = bench;
  const { tolerance } = golden;
  const mask = golden.inputs.batch.attention_mask.flat();
  const V = bench.loaded.model.vocabSize;
  const isToken = (index: number): boolean => mask[Math.floor(index / V)] === 1;

  test.each([
    { figure: 'base', adapted: false },
    { figure: 'init', adapted: true },
    { figure: 'random', adapted: true },
    { figure: 'disabled', adapted: false },
  ] as const)('forward: $figure', async ({ figure, adapted }) => {
    if (figure === 'init')
      bench.executor.write(bench.adapter.lambda, initialParameters(bench.adapter.layout, bench.adapter.config, 0));
    else setState(bench, 'random.state.');
    const { logits, loss } = await forward(bench, adapted);
    const expected = tensors.get(`${figure}.logits`) ?? tensors.get('base.logits');
    expect(largestDifference(logits, expected!, isToken)).toBeLessThanOrEqual(tolerance.logits_abs);
    expect(Math.abs(loss - golden.expect[figure].loss)).toBeLessThanOrEqual(tolerance.loss_abs);
  });

  test.each(['init', 'random'] as const)('gradients: %s', async (figure) => {
    if (figure === 'random') setState(bench, 'random.state.');
    else bench.executor.write(bench.adapter.lambda, initialParameters(bench.adapter.layout, bench.adapter.config, 0));
    const { grads, norm } = await gradients(bench);
    for (const parameter of Object.keys(golden.trainable)) {
      const difference = largestDifference(grads.get(parameter)!, tensors.get(`${figure}.grad.${parameter}`)!);
      expect(difference, parameter).toBeLessThanOrEqual(tolerance.grad_abs);
    }
    if (figure === 'random')
      expect(Math.abs(norm - golden.expect.random.grad_norm)).toBeLessThanOrEqual(tolerance.grad_abs);
  });

  test.each(golden.expect.train.map((training) => [training.id, training] as const))(
    'ten steps: %s',
    async (_, training) => {
      if (training.start === 'random') setState(bench, 'random.state.');
      else bench.executor.write(bench.adapter.lambda, initialParameters(bench.adapter.layout, bench.adapter.config, 0));
      const { losses, norms } = await tenSteps(bench, training);
      expect(largestDifference(losses, training.losses)).toBeLessThanOrEqual(training.tolerance.losses_abs);
      // Norms have no tolerance of their own: theirs is that of a gradient.
      expect(largestDifference(norms, training.grad_norms)).toBeLessThanOrEqual(tolerance.grad_abs);
      const final = await readVectors(bench);
      for (const [parameter, vector] of final) {
        const allowed = training.tolerance.final_abs[parameter] ?? training.tolerance.final_abs_default;
        const expected = tensors.get(`train.${training.id}.final.${parameter}`)!;
        expect(largestDifference(vector, expected), parameter).toBeLessThanOrEqual(allowed);
      }
    },
  );
});

async function tenSteps(bench: Bench, training: GoldenTraining): Promise<{ losses: number[]; norms: number[] }> {
  const { executor, loaded, adapter, golden } = bench;
  const args: ResolvedTrainingArguments = resolveTrainingArguments({
    weight_decay: training.weight_decay,
    max_grad_norm: training.max_grad_norm ?? 0,
  });
  const state = await createOptimizerState(executor, adapter);
  const optimizer = await executor.load(optimizerProgram(adapter, state, args));
  const batches = golden.inputs.train_batches.map(microBatch);
  const text = lossProgram(loaded, adapter, batches[0]!, state);
  const ready = await executor.load(text.program);
  const losses: number[] = [];
  const norms: number[] = [];
  for (const [index, chosen] of training.batches.entries()) {
    const ofStep = chosen.map((batch) => batches[batch]!);
    const allTokens = ofStep.reduce((sum, { labelled }) => sum + labelled, 0);
    ofStep.forEach((batch, microStep) => {
      writeBatch(executor, text.inputs, batch, loaded.model.positions);
      const tokens = training.normalise === 'mean_of_means' ? batch.labelled * ofStep.length : allTokens;
      const learningRate = training.lrs[index]!;
      const block = {
        step: index + 1,
        microStep,
        labelled: batch.labelled,
        learningRate,
        tokens,
        beta1: 0.9,
        beta2: 0.999,
      };
      executor.write(state.block, packStepBlock(block));
      executor.run(ready, { chunks: lossChunks(batch.labelled, text.chunkRows) });
    });
    executor.run(optimizer);
    const stats = unpackStats(await executor.read(state.stats));
    expect(stats.finite).toBe(true);
    losses.push(stats.loss);
    norms.push(stats.gradNorm);
  }
  ready.release();
  optimizer.release();
  return { losses, norms };
}
