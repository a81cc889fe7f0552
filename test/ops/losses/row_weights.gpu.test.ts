import { expect, test } from 'vitest';
import { Graph } from '../../../src/graph/graph';
import { crossEntropy } from '../../../src/ops/losses/cross_entropy';
import { rowWeightsKernel } from '../../../src/ops/losses/row_weights';
import { linear } from '../../../src/ops/products/linear';
import { expectGpuEqualsReference, input, runOnGpu } from '../../helpers/gpu/on_gpu';
import { blockWords } from '../../helpers/gpu/step_block';
import { random, randomArray } from '../../helpers/maths/random';
import type { Memory } from '../../reference/runner';

const sizes = [
  { N: 1, V: 1, labelled: 1, chunkRows: 1 },
  { N: 5, V: 3, labelled: 3, chunkRows: 2 },
  { N: 300, V: 257, labelled: 290, chunkRows: 150 },
];
const cases = [false, true].flatMap((trained) => sizes.map((size) => ({ trained, ...size })));

test.each(cases)(
  'row weights N=$N V=$V: $labelled labelled, chunks of $chunkRows, trained: $trained',
  async ({ trained, N, V, labelled, chunkRows }) => {
    const memory: Memory = new Map();
    const C = 8;
    const next = random(5);
    const rows = Float64Array.from({ length: N }, (_, i) => (i < labelled ? N - 1 - i : 0));
    const targets = Float64Array.from({ length: N }, () => Math.floor(next() * V));
    const hidden = input(memory, 'hidden', [N, C], randomArray(N * C, 1));
    const weight = input(memory, 'weight', [V, C], randomArray(V * C, 2));
    const g = new Graph();
    if (trained) g.train(hidden);
    const { losses, logits } = crossEntropy(g, {
      hidden,
      project: (h) => linear(g, h, weight),
      outputs: V,
      rows: input(memory, 'rows', [N], rows, 'u32'),
      targets: input(memory, 'targets', [N], targets, 'u32'),
      weights: input(memory, 'weights', [N], randomArray(N, 3, 2).map(Math.abs)),
      block: input(memory, 'block', [8], blockWords({ labelled, inverse_tokens: 1 / labelled }), 'u32'),
      chunkRows,
      into: new Map(),
    });
    const gradients = trained ? [g.grad(losses, losses, new Map()).get(hidden)!] : [];
    await expectGpuEqualsReference(g, memory, [losses, ...logits, ...gradients], 5e-6);
  },
);

test.each([0, 1])('row_weights scales the rows of its chunk alone, has_gradient %i', async (has_gradient) => {
  const memory: Memory = new Map();
  const logits = input(memory, 'logits', [2, 3], Float64Array.of(1, 2, 3, 4, 5, 6));
  const weights = input(memory, 'weights', [4], Float64Array.of(8, 2, 4, 8));
  const losses = input(memory, 'losses', [4], Float64Array.of(1, 1, 1, 1));
  const g = new Graph();
  g.emit(rowWeightsKernel, { logits, weights, losses }, {}, { start: 1, count: 2, V: 3, has_gradient });
  const result = await runOnGpu(g.steps, memory, [logits, losses]);
  expect([...result.get(losses)!]).toEqual([1, 2, 4, 1]);
  expect([...result.get(logits)!]).toEqual(has_gradient ? [2, 4, 6, 16, 20, 24] : [1, 2, 3, 4, 5, 6]);
});
