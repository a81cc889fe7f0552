import { expect, test } from 'vitest';
import { Graph } from '../../../src/graph/graph';
import type { Value } from '../../../src/graph/value';
import { squaredError, squaredErrorKernel } from '../../../src/ops/losses/squared_error';
import { linear } from '../../../src/ops/products/linear';
import { expectGpuEqualsReference, input, runOnGpu } from '../../helpers/gpu/on_gpu';
import { blockWords } from '../../helpers/gpu/step_block';
import { randomArray } from '../../helpers/maths/random';
import type { Memory } from '../../reference/runner';

const sizes = [
  { N: 1, C: 1, V: 1, labelled: 1, chunkRows: 1 },
  { N: 5, C: 7, V: 3, labelled: 3, chunkRows: 2 },
  { N: 9, C: 16, V: 1, labelled: 0, chunkRows: 9 },
  { N: 300, C: 64, V: 5, labelled: 290, chunkRows: 150 },
];
const cases = [false, true].flatMap((trained) => sizes.map((size) => ({ trained, ...size })));
const title = 'squared_error N=$N C=$C V=$V: $labelled labelled, chunks of $chunkRows, trained: $trained';

test.each(cases)(title, async ({ trained, N, C, V, labelled, chunkRows }) => {
  const memory: Memory = new Map();
  // The labelled rows are the last ones, in reverse order.
  const rows = Float64Array.from({ length: N }, (_, i) => (i < labelled ? N - 1 - i : 0));
  const hidden = input(memory, 'hidden', [N, C], randomArray(N * C, 1));
  const weight = input(memory, 'weight', [V, C], randomArray(V * C, 2));
  const g = new Graph();
  if (trained) g.train(hidden);
  const { losses, logits } = squaredError(g, {
    hidden,
    project: (h) => linear(g, h, weight),
    outputs: V,
    rows: input(memory, 'rows', [N], rows, 'u32'),
    targets: input(memory, 'targets', [N, V], randomArray(N * V, 3, 2)),
    block: input(memory, 'block', [8], blockWords({ labelled, inverse_tokens: 1 / Math.max(1, labelled) }), 'u32'),
    chunkRows,
    into: new Map<Value, Value>(),
  });
  const gradients = trained ? [g.grad(losses, losses, new Map()).get(hidden)!] : [];
  await expectGpuEqualsReference(g, memory, [losses, ...logits, ...gradients], 2e-6);
});

test('padding rows have no loss and no gradient, whatever they hold', async () => {
  const memory: Memory = new Map();
  const V = 2;
  const logits = input(memory, 'logits', [4, V], Float64Array.of(1, 2, 3, 4, 5, Number.NaN, 7, 8));
  const targets = input(memory, 'targets', [6, V], Float64Array.of(0, 0, 0, 0, 2, 2, 2, 5, 0, 0, Infinity, 0));
  const block = input(memory, 'block', [8], blockWords({ labelled: 4, inverse_tokens: 1 / 4 }), 'u32');
  const losses = input(memory, 'losses', [6], new Float64Array(6).fill(9));
  const g = new Graph();
  g.emit(squaredErrorKernel, { logits, targets, block, losses }, {}, { start: 2, count: 4, V, has_gradient: 1 });
  const result = await runOnGpu(g.steps, memory, [logits, losses]);
  expect([...result.get(losses)!]).toEqual([9, 9, 0.5, 1, 0, 0]);
  expect([...result.get(logits)!]).toEqual([-0.25, 0, 0.25, -0.25, 0, 0, 0, 0]);
});

test('a loss that no f32 holds is infinite, and one of NaN is NaN', async () => {
  const memory: Memory = new Map();
  const logits = input(memory, 'logits', [2, 1], Float64Array.of(1e30, Number.NaN));
  const targets = input(memory, 'targets', [2, 1], Float64Array.of(0, 0));
  const block = input(memory, 'block', [8], blockWords({ labelled: 2, inverse_tokens: 1 / 2 }), 'u32');
  const losses = input(memory, 'losses', [2], new Float64Array(2));
  const g = new Graph();
  g.emit(squaredErrorKernel, { logits, targets, block, losses }, {}, { start: 0, count: 2, V: 1, has_gradient: 1 });
  const result = await runOnGpu(g.steps, memory, [logits, losses]);
  expect([...result.get(losses)!]).toEqual([Infinity, Number.NaN]);
});
