import { expect, test } from 'vitest';
import { Graph } from '../../../src/graph/graph';
import type { Value } from '../../../src/graph/value';
import {
  binaryCrossEntropyWithLogits,
  binaryCrossEntropyWithLogitsKernel,
} from '../../../src/ops/losses/binary_cross_entropy_with_logits';
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
const title =
  'binary_cross_entropy_with_logits N=$N C=$C V=$V: $labelled labelled, chunks of $chunkRows, trained: $trained';

/** Returns numbers from 0 to 1, including both ends. */
const shares = (count: number) => randomArray(count, 3, 2).map((number) => Math.min(1, Math.max(0, number)));

test.each(cases)(title, async ({ trained, N, C, V, labelled, chunkRows }) => {
  const memory: Memory = new Map();
  // The labelled rows are the last ones, in reverse order.
  const rows = Float64Array.from({ length: N }, (_, i) => (i < labelled ? N - 1 - i : 0));
  const hidden = input(memory, 'hidden', [N, C], randomArray(N * C, 1));
  const weight = input(memory, 'weight', [V, C], randomArray(V * C, 2));
  const g = new Graph();
  if (trained) g.train(hidden);
  const { losses, logits } = binaryCrossEntropyWithLogits(g, {
    hidden,
    project: (h) => linear(g, h, weight),
    outputs: V,
    rows: input(memory, 'rows', [N], rows, 'u32'),
    targets: input(memory, 'targets', [N, V], shares(N * V)),
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
  const logits = input(memory, 'logits', [4, V], Float64Array.of(0, 0, 0, 0, 5, Number.NaN, 7, 8));
  const targets = input(memory, 'targets', [6, V], Float64Array.of(0, 0, 0, 0, 0, 1, 0.5, 0.25, 0, 0, Infinity, 0));
  const block = input(memory, 'block', [8], blockWords({ labelled: 4, inverse_tokens: 1 / 4 }), 'u32');
  const losses = input(memory, 'losses', [6], new Float64Array(6).fill(9));
  const g = new Graph();
  const params = { start: 2, count: 4, V, has_gradient: 1 };
  g.emit(binaryCrossEntropyWithLogitsKernel, { logits, targets, block, losses }, {}, params);
  const result = await runOnGpu(g.steps, memory, [logits, losses]);
  const [, , first, second, ...padding] = result.get(losses)!;
  for (const loss of [first, second]) expect(loss).toBeCloseTo(Math.LN2, 6);
  expect(padding).toEqual([0, 0]);
  expect([...result.get(logits)!]).toEqual([0.0625, -0.0625, 0, 0.03125, 0, 0, 0, 0]);
});

/** Computes the loss and the gradient of each logit, in rows of one logit. */
async function rowsOf(given: readonly number[], wanted: number): Promise<{ losses: number[]; gradients: number[] }> {
  const memory: Memory = new Map();
  const N = given.length;
  const logits = input(memory, 'logits', [N, 1], Float64Array.from(given));
  const targets = input(memory, 'targets', [N, 1], new Float64Array(N).fill(wanted));
  const block = input(memory, 'block', [8], blockWords({ labelled: N, inverse_tokens: 1 }), 'u32');
  const losses = input(memory, 'losses', [N], new Float64Array(N));
  const g = new Graph();
  const params = { start: 0, count: N, V: 1, has_gradient: 1 };
  g.emit(binaryCrossEntropyWithLogitsKernel, { logits, targets, block, losses }, {}, params);
  const result = await runOnGpu(g.steps, memory, [logits, losses]);
  return { losses: [...result.get(losses)!], gradients: [...result.get(logits)!] };
}

test('far from 0 the loss is a line or next to nothing, and keeps its digits', async () => {
  const far = [-1000, -80, -20, -5, 5, 20, 80, 1000];
  for (const wanted of [0, 1]) {
    const { losses, gradients } = await rowsOf(far, wanted);
    for (const [at, z] of far.entries()) {
      const against = wanted === 1 ? -z : z;
      const expected = Math.max(against, 0) + Math.log1p(Math.exp(-Math.abs(z)));
      // The 1e-34 allows a tiny loss to become 0.
      expect(Math.abs(losses[at]! - expected)).toBeLessThanOrEqual(1e-5 * expected + 1e-34);
      expect(gradients[at]).toBeCloseTo(1 / (1 + Math.exp(-z)) - wanted, 6);
    }
  }
});

test('a loss that no f32 holds is infinite, and one of NaN is NaN', async () => {
  const { losses } = await rowsOf([Infinity, Number.NaN], 0);
  expect(losses).toEqual([Infinity, Number.NaN]);
});
