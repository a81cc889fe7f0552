import { expect, test } from 'vitest';
import type { Step } from '../../src/graph/step';
import { small, smollm2, tiny, trainingSteps } from '../helpers/session/training_steps';

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
  // For one transformer block: the number of weights, the sum of all output widths, and the sum of the widths of A's inputs (for
  // q/k/v, o, gate/up and down).
  const [weights, outputs, downs] = [sum(linears.map(([k, m]) => k * m)), sum(linears.map(([, m]) => m)), 3 * C + F];

  const forward = layers * 2 * N * (weights + r * outputs + r * downs);
  // The embedding is frozen, so q, k and v of the first layer need no gradient with respect to their input x and u = x·Aᵀ.
  const first = 2 * N * ((C + r) * (C + 2 * key) + r * C);
  const backward = layers * 2 * N * (weights + 2 * r * outputs + r * downs) - first;
  const head = 2 * 2 * N * V * C;
  // Each of a block's two norms shares a dispatch with a matrix product, and so does its gradient. Their operations are counted too. The
  // final norm's gradient takes the place of that of the first norm, which isn't wanted.
  const norms = 2 * layers * (4 + 11) * N * C;
  expect(
    flopsOf(
      steps,
      /^(linear|rms_norm_(linear|up)|swiglu_linear|vera_(linear|swiglu_linear|turned_linear|up|lambda_backward))/,
    ),
  ).toBe(forward + backward + head + norms);

  // The forward pass computes two matrix products: the scores, and the weighted sums of v. The backward pass computes five. The
  // causal mask excludes half of each.
  const attention = layers * 2 * N * T * C * (2 + 5);
  const counted = flopsOf(steps, /^attention/);
  expect(counted).toBeGreaterThan(attention / 2);
  expect(counted).toBeLessThan(attention * 1.5);

  // The rest are elementwise operations: norms, activations and the loss.
  const rest = flopsOf(steps, /./) - counted - (forward + backward + head);
  expect(rest).toBeGreaterThan(layers * N * F * 15);
  expect(rest).toBeLessThan(0.05 * (forward + backward + head));
});

test.each([
  { name: 'tiny', sizes: tiny, dispatches: 153, apart: 183 },
  { name: 'small at r 64', sizes: { ...small, r: 64 }, dispatches: 151, apart: 199 },
  { name: 'small at r 256', sizes: small, dispatches: 155, apart: 191 },
  { name: 'SmolLM2-135M, 64 tokens', sizes: smollm2, dispatches: 672, apart: 942 },
  { name: 'SmolLM2-135M, 512 tokens', sizes: { ...smollm2, T: 512 }, dispatches: 793, apart: 998 },
])('$name: a step takes $dispatches dispatches, $apart on a software GPU', ({ sizes, dispatches, apart }) => {
  expect(trainingSteps(sizes, 'cheapest')).toHaveLength(dispatches);
  expect(trainingSteps(sizes, 'cheapest', false)).toHaveLength(apart);
});

test('chunks of the loss are whole tiles of rows, but for the last', () => {
  const chunks = trainingSteps(small, 'unmerged').filter(({ kernel }) => kernel.name === 'cross_entropy');
  expect(chunks.map(({ params }) => params.count)).toEqual([128, 128]);
});
