import { expect, test } from 'vitest';
import { Graph } from '../../../src/graph/graph';
import { ktoLoss } from '../../../src/ops/losses/kto_loss';
import { expectGpuEqualsReference, runOnGpu } from '../../helpers/gpu/on_gpu';
import { SequencePairBench } from '../../helpers/maths/sequence_pairs';

/** Creates a bench whose texts are alternately good and not good. */
function bench(tokens: readonly number[], V = 5): SequencePairBench {
  const made = new SequencePairBench({ tokens, C: 7, V, chunkRows: 150, inverse_tokens: 1 / 3 });
  const given = made.memory.get(made.given)!;
  for (let i = 0; i < tokens.length / 2; i++) given[5 * i + 2] = (i + 1) % 2;
  return made;
}

test.each([
  { tokens: [1, 1], V: 3 },
  { tokens: [3, 2, 1, 4], V: 5 },
  { tokens: [90, 64, 130, 65, 1, 7], V: 257 },
])('kto_loss, sequences of $tokens tokens', async ({ tokens, V }) => {
  const whole = bench(tokens, V);
  const g = new Graph();
  g.train(whole.hidden);
  const { losses, weights, metrics, learnt } = whole.build(g, new Map(), (graph, pairs) =>
    ktoLoss(graph, pairs, { beta: 0.1 }),
  );
  const dx = g.grad(learnt.losses, learnt.losses, new Map()).get(whole.hidden)!;
  await expectGpuEqualsReference(g, whole.memory, [losses, weights, metrics, dx], 1e-5);
});

test('rewards of any size have finite losses and gradients', async () => {
  const made = bench([2, 2, 2, 2]);
  made.memory.get(made.given)!.set([-1e5, 0, 1, 0, 1, 1e5, 0, 0, 0, 1]);
  const g = new Graph();
  const { losses, weights } = made.build(g, new Map(), (graph, pairs) => ktoLoss(graph, pairs, { beta: 1 }));
  const found = await runOnGpu(g.steps, made.memory, [losses, weights]);
  expect([losses, weights].flatMap((value) => [...found.get(value)!]).every(Number.isFinite)).toBe(true);
});

test('a hidden state that is NaN makes a loss that is NaN', async () => {
  const made = bench([2, 2]);
  made.memory.get(made.hidden)![1] = Number.NaN;
  const g = new Graph();
  const { losses } = made.build(g, new Map(), (graph, pairs) => ktoLoss(graph, pairs, { beta: 1 }));
  expect((await runOnGpu(g.steps, made.memory, [losses])).get(losses)![0]).toBeNaN();
});
