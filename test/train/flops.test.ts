import { expect, test } from 'vitest';
import { overlayOf } from '../../src/adapters/layers/overlay';
import type { ModeChoice } from '../../src/adapters/layers/training_layers';
import { VeraConfig } from '../../src/adapters/vera/config/vera_config';
import { resolveVeraTargets } from '../../src/adapters/vera/vera_targets';
import type { Step } from '../../src/graph/step';
import { pinned, type Value } from '../../src/graph/value';
import type { LoadedModel } from '../../src/models/loaded_model';
import { resolveTrainingArguments } from '../../src/page/training/training_arguments';
import { CausalLm } from '../../src/tasks/causal_lm/causal_lm';
import { createArchitecture } from '../../src/tasks/task_registry';
import { layersOfRun } from '../../src/train/steps/loaded_layers';
import { lossProgram } from '../../src/train/steps/loss_program';
import { gradientsOf, optimizerProgram } from '../../src/train/steps/optimizer';
import { statsValue, stepBlockValue } from '../../src/train/steps/step_block';
import { unplacedVera } from '../helpers/session/vera_placer';

interface Sizes {
  readonly C: number;
  readonly F: number;
  readonly V: number;
  readonly T: number;
  readonly B: number;
  readonly layers: number;
  readonly heads: number;
  readonly kvHeads: number;
  readonly r: number;
  /** How weights are stored. Default: f32. */
  readonly dtype?: 'f16';
}

/** The benchmark's models. */
const tiny: Sizes = { C: 64, F: 172, V: 512, T: 256, B: 4, layers: 5, heads: 8, kvHeads: 4, r: 64 };
const small: Sizes = { C: 288, F: 768, V: 32_000, T: 256, B: 1, layers: 6, heads: 6, kvHeads: 6, r: 256 };
const smollm2: Sizes = {
  ...{ C: 576, F: 1536, V: 49_152, T: 64, B: 1, layers: 30, heads: 9, kvHeads: 3, r: 256 },
  dtype: 'f16',
};

/** A step with all seven linears adapted, in layers of some mode. It is only planned, and never runs. */
function trainingSteps(sizes: Sizes, modes: ModeChoice): readonly Step[] {
  const { C, F, V, T, B, layers, heads, kvHeads, r, dtype = 'f32' } = sizes;
  const model = createArchitecture({
    model_type: 'llama',
    hidden_size: C,
    num_hidden_layers: layers,
    num_attention_heads: heads,
    num_key_value_heads: kvHeads,
    intermediate_size: F,
    vocab_size: V,
    max_position_embeddings: T,
    rms_norm_eps: 1e-5,
    hidden_act: 'silu',
    tie_word_embeddings: true,
  });
  const weights = model.weights.map(
    ({ name, shape, kind }) => [name, pinned(name, shape, kind === 'matrix' ? dtype : 'f32')] as const,
  );
  const loaded: LoadedModel = {
    model,
    weights: new Map(weights),
    constants: new Map(model.constants.map(({ name, shape }) => [name, pinned(name, shape)])),
  };
  const init = { r, target_modules: ['q_proj', 'k_proj', 'v_proj', 'o_proj', 'gate_proj', 'up_proj', 'down_proj'] };
  const { modules, config, max_in, max_out } = resolveVeraTargets(new VeraConfig(init), model.modules, {
    model_type: 'llama',
    output_embedding: model.head.outputEmbedding,
  });
  const adapter = unplacedVera({ config, modules, max_in, max_out });
  const like = (name: string): Value => pinned(name, adapter.pool.shape);
  const pools = new Map([[adapter, { grads: like('grads'), m: like('m'), v: like('v') }]]);
  const state = { pools, block: stepBlockValue(), stats: statsValue() };
  const grads = gradientsOf(state);
  const task = new CausalLm(model);
  const overlay = overlayOf([adapter], [adapter]);
  const args = resolveTrainingArguments({ max_length: T, per_device_train_batch_size: B });
  const run = { loaded, task, overlay, adapters: [adapter], args, modes, grads };
  const around = layersOfRun({ ...run, maxBindingBytes: 2 ** 27 });
  const training = { grads, seed: 0, layers: around };
  const { program } = lossProgram(task, loaded, overlay, { B, T }, { ...state, training });
  const optimizer = optimizerProgram(state, args);
  return [around?.before, program, around?.after, optimizer].flatMap((part) => part?.steps ?? []);
}

const flopsOf = (steps: readonly Step[], names: RegExp): number =>
  steps
    .filter(({ kernel }) => names.test(kernel.name))
    .reduce((sum, { kernel, params }) => sum + kernel.flops(params), 0);

test('a training step counts the products that the formula counts', () => {
  const steps = trainingSteps(tiny, 'unmerged');
  const { C, F, V, T, B, layers, heads, kvHeads, r } = tiny;
  const key = (C / heads) * kvHeads;
  const N = B * T;
  const linears = [
    [C, C],
    [C, key],
    [C, key],
    [C, C],
    [C, F],
    [C, F],
    [F, C],
  ] as const;
  const sum = (numbers: readonly number[]): number => numbers.reduce((total, value) => total + value, 0);
  // Sizes of one block: weights, outputs, and the inputs of A (for q/k/v, o, gate/up and down).
  const [weights, outputs, downs] = [sum(linears.map(([k, m]) => k * m)), sum(linears.map(([, m]) => m)), 3 * C + F];

  const forward = layers * 2 * N * (weights + r * outputs + r * downs);
  // The embedding is frozen, so in the first layer q, k and v compute no gradient by their input or by u.
  const first = 2 * N * ((C + r) * (C + 2 * key) + r * C);
  const backward = layers * 2 * N * (weights + 2 * r * outputs + r * downs) - first;
  const head = 2 * 2 * N * V * C;
  expect(flopsOf(steps, /^(linear|swiglu_linear|vera_(linear|swiglu_linear|turned_linear|up|lambda_backward))/)).toBe(
    forward + backward + head,
  );

  // Forward computes scores and their product with v; backward computes both again, and three products more. Half of
  // them are masked.
  const attention = layers * 2 * N * T * C * (2 + 5);
  const counted = flopsOf(steps, /^attention/);
  expect(counted).toBeGreaterThan(attention / 2);
  expect(counted).toBeLessThan(attention * 1.5);

  // The rest are operations on each element: norms, activations and the loss.
  const rest = flopsOf(steps, /./) - counted - (forward + backward + head);
  expect(rest).toBeGreaterThan(layers * N * F * 15);
  expect(rest).toBeLessThan(0.05 * (forward + backward + head));
});

test.each([
  { name: 'tiny', sizes: tiny, dispatches: 153 },
  { name: 'small at r 64', sizes: { ...small, r: 64 }, dispatches: 169 },
  { name: 'small at r 256', sizes: small, dispatches: 155 },
  { name: 'SmolLM2-135M, 64 tokens', sizes: smollm2, dispatches: 792 },
  { name: 'SmolLM2-135M, 512 tokens', sizes: { ...smollm2, T: 512 }, dispatches: 878 },
])('$name: a step takes $dispatches dispatches', ({ sizes, dispatches }) => {
  expect(trainingSteps(sizes, 'cheapest')).toHaveLength(dispatches);
});

test('chunks of the loss are whole tiles of rows, but for the last', () => {
  const chunks = trainingSteps(small, 'unmerged').filter(({ kernel }) => kernel.name === 'cross_entropy');
  expect(chunks.map(({ params }) => params.count)).toEqual([128, 128]);
});
