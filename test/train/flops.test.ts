import { expect, test } from 'vitest';
import { overlayOf } from '../../src/adapters/layers/overlay';
import { VeraConfig } from '../../src/adapters/vera/config/vera_config';
import { resolveVeraTargets } from '../../src/adapters/vera/vera_targets';
import type { Step } from '../../src/graph/graph';
import { pinned } from '../../src/graph/value';
import type { LoadedModel } from '../../src/models/loaded_model';
import { CausalLm } from '../../src/tasks/causal_lm/causal_lm';
import { createArchitecture } from '../../src/tasks/task_registry';
import { lossProgram } from '../../src/train/steps/loss_program';
import { statsValue, stepBlockValue } from '../../src/train/steps/step_block';
import { unplacedVera } from '../helpers/session/vera_placer';

/** The benchmark's two models. */
const tiny = { C: 64, F: 172, V: 512, T: 256, B: 4, layers: 5, heads: 8, kvHeads: 4, r: 64 } as const;
const small = { C: 288, F: 768, V: 32_000, T: 256, B: 1, layers: 6, heads: 6, kvHeads: 6, r: 256 } as const;

/** The training step of a model with all seven linears adapted; nothing of it is ever run. */
function trainingSteps({ C, F, V, T, B, layers, heads, kvHeads, r }: typeof tiny | typeof small): readonly Step[] {
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
  const loaded: LoadedModel = {
    model,
    weights: new Map(model.weights.map(({ name, shape }) => [name, pinned(name, shape)])),
    constants: new Map(model.constants.map(({ name, shape }) => [name, pinned(name, shape)])),
  };
  const init = { r, target_modules: ['q_proj', 'k_proj', 'v_proj', 'o_proj', 'gate_proj', 'up_proj', 'down_proj'] };
  const { modules, config, max_in, max_out } = resolveVeraTargets(new VeraConfig(init), model.modules, {
    model_type: 'llama',
    output_embedding: model.head.outputEmbedding,
  });
  const adapter = unplacedVera({ config, modules, max_in, max_out });
  const training = { grads: new Map([[adapter, pinned('grads', adapter.pool.shape)]]), seed: 0 };
  const state = { block: stepBlockValue(), stats: statsValue(), training };
  return lossProgram(new CausalLm(model), loaded, overlayOf([adapter], [adapter]), { B, T }, state).program.steps;
}

const flopsOf = (steps: readonly Step[], names: RegExp): number =>
  steps
    .filter(({ kernel }) => names.test(kernel.name))
    .reduce((sum, { kernel, params }) => sum + kernel.flops(params), 0);

test('a training step counts the products that a person counts', () => {
  const steps = trainingSteps(tiny);
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
  // Of one block: weights, outputs, and the inputs that A is multiplied with (of q/k/v, o, gate/up, down).
  const [weights, outputs, downs] = [sum(linears.map(([k, m]) => k * m)), sum(linears.map(([, m]) => m)), 3 * C + F];

  const forward = layers * 2 * N * (weights + r * outputs + r * downs);
  // The embedding is frozen: in the first layer q, k and v send nothing back to it, nor to their u.
  const first = 2 * N * ((C + r) * (C + 2 * key) + r * C);
  const backward = layers * 2 * N * (weights + 2 * r * outputs + r * downs) - first;
  const head = 2 * 2 * N * V * C;
  expect(flopsOf(steps, /^(linear|vera_linear|vera_up|vera_lambda_backward)/)).toBe(forward + backward + head);

  // Scores and their product with v forward; both again, and three more, backward. Half of them are masked.
  const attention = layers * 2 * N * T * C * (2 + 5);
  const counted = flopsOf(steps, /^attention/);
  expect(counted).toBeGreaterThan(attention / 2);
  expect(counted).toBeLessThan(attention * 1.5);

  // Norms, rotations, activations, the loss: operations by the element.
  const rest = flopsOf(steps, /./) - counted - (forward + backward + head);
  expect(rest).toBeGreaterThan(layers * N * F * 16);
  expect(rest).toBeLessThan(0.05 * (forward + backward + head));
});

test.each([
  { name: 'tiny', model: tiny, most: 220 },
  { name: 'small', model: small, most: 260 },
])('$name: a step takes at most $most dispatches', ({ model, most }) => {
  // The optimizer's are two more.
  const dispatches = trainingSteps(model).length + 2;
  expect(dispatches).toBeLessThanOrEqual(most);
});

test('chunks of the loss are whole tiles of rows, but for the last', () => {
  const chunks = trainingSteps(small).filter(({ kernel }) => kernel.name === 'cross_entropy');
  expect(chunks.map(({ params }) => params.count)).toEqual([128, 128]);
});
