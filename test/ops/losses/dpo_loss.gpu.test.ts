import { expect, test } from 'vitest';
import { Graph } from '../../../src/graph/graph';
import type { Value } from '../../../src/graph/value';
import { type DpoOptions, dpoLoss } from '../../../src/ops/losses/dpo_loss';
import { metricSums } from '../../../src/ops/losses/metric_sums';
import { expectGpuEqualsReference, input, runOnGpu } from '../../helpers/gpu/on_gpu';
import { blockWords } from '../../helpers/gpu/step_block';
import { randomArray } from '../../helpers/maths/random';
import { SequencePairBench } from '../../helpers/maths/sequence_pairs';
import { type Memory, runReference } from '../../reference/runner';

const kinds: readonly DpoOptions[] = [
  { loss_type: 'sigmoid', beta: 0.1, label_smoothing: 0 },
  { loss_type: 'robust', beta: 0.1, label_smoothing: 0.2 },
  { loss_type: 'ipo', beta: 0.1, label_smoothing: 0 },
  { loss_type: 'hinge', beta: 0.01, label_smoothing: 0 },
];
const sizes = [
  { tokens: [1, 1], C: 1, V: 1, chunkRows: 1 },
  { tokens: [3, 2, 1, 4], C: 7, V: 5, chunkRows: 4, weights: [2, 0.5] },
  // Some sequences have more tokens than a workgroup has threads.
  { tokens: [90, 64, 130, 65, 1, 7], C: 16, V: 257, chunkRows: 150 },
];

test.each(kinds.flatMap((options) => sizes.map((size) => ({ options, size }))))(
  'dpo_loss, $options.loss_type, sequences of $size.tokens tokens',
  async ({ options, size }) => {
    const bench = new SequencePairBench({ ...size, inverse_tokens: 1 / 3 });
    const g = new Graph();
    g.train(bench.hidden);
    const { losses, logps, weights, metrics, learnt } = bench.build(g, new Map(), (graph, pairs) =>
      dpoLoss(graph, pairs, options),
    );
    const dx = g.grad(learnt.losses, learnt.losses, new Map()).get(bench.hidden)!;
    await expectGpuEqualsReference(g, bench.memory, [losses, logps, weights, metrics, dx], 1e-5);
  },
);

test('margins of any size have finite losses and gradients', async () => {
  for (const options of kinds) {
    const bench = new SequencePairBench({ tokens: [2, 2, 2, 2], C: 4, V: 5, chunkRows: 8 });
    bench.memory.get(bench.given)!.set([-1e5, 0, 2, 2, 1, 0, -1e5, 2, 2, 1]);
    const g = new Graph();
    const { losses, weights } = bench.build(g, new Map(), (graph, pairs) => dpoLoss(graph, pairs, options));
    const found = await runOnGpu(g.steps, bench.memory, [losses, weights]);
    const all = [losses, weights].flatMap((value) => [...found.get(value)!]);
    expect(all.every(Number.isFinite), options.loss_type).toBe(true);
  }
});

test.each(kinds)('a hidden state that is NaN makes a loss that is NaN: $loss_type', async (options) => {
  const bench = new SequencePairBench({ tokens: [2, 2], C: 4, V: 5, chunkRows: 8 });
  bench.memory.get(bench.hidden)![1] = Number.NaN;
  const g = new Graph();
  const { losses } = bench.build(g, new Map(), (graph, pairs) => dpoLoss(graph, pairs, options));
  expect((await runOnGpu(g.steps, bench.memory, [losses])).get(losses)![0]).toBeNaN();
});

test.each([
  [0, 1, 1],
  [0, 5, 5],
  [1, 300, 8],
])('metric_sums: micro-step %i, %i rows of %i', async (micro_step, N, K) => {
  const memory: Memory = new Map();
  const metrics = input(memory, 'metrics', [N, K], randomArray(N * K, 3).map(Math.fround));
  const block = input(memory, 'block', [8], blockWords({ micro_step, inverse_tokens: 1 / 4 }), 'u32');
  const stats = input(
    memory,
    'stats',
    [12],
    Float64Array.from({ length: 12 }, (_, i) => 0x3f800000 + i),
    'u32',
  );
  const g = new Graph();
  metricSums(g, metrics, block, stats);
  const actual = await floats(g, memory, stats);
  const expected = runReference(g.steps, memory).get(stats)!;
  const view = new Float32Array(Uint32Array.from(expected).buffer);
  for (const [index, value] of view.entries()) expect(actual[index]).toBeCloseTo(value, 4);
});

async function floats(g: Graph, memory: Memory, value: Value): Promise<Float32Array> {
  const words = (await runOnGpu(g.steps, memory, [value])).get(value)!;
  return new Float32Array(Uint32Array.from(words).buffer);
}
