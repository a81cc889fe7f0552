import { expect, test } from 'vitest';
import { Graph } from '../../../src/graph/graph';
import { pinned } from '../../../src/graph/value';
import { ktoLoss } from '../../../src/ops/losses/kto_loss';
import { input } from '../../helpers/gpu/on_gpu';
import { expectNumbers } from '../../helpers/maths/row_losses';
import { SequencePairBench } from '../../helpers/maths/sequence_pairs';
import { type Memory, runReference } from '../../reference/runner';

const BETA = 0.3;

test.each([
  { title: 'an estimate above 0, held fixed', estimate: 0.5 },
  { title: 'an estimate below 0, which counts as 0', estimate: -2 },
])('central differences of the mean over texts: $title', ({ estimate }) => {
  const inverse_tokens = 1 / 4;
  const bench = new SequencePairBench({ tokens: [3, 2, 1, 4, 1, 2], C: 4, V: 5, chunkRows: 4, inverse_tokens });
  const { memory, hidden, given } = bench;
  const forward = new Graph();
  const { losses, logps } = bench.build(forward, new Map(), (g, pairs) => ktoLoss(g, pairs, { beta: BETA }));
  // Makes the log ratio of the second sequences equal to `estimate`, whatever the hidden states are. Also sets the ratings.
  const fix = (values: Memory): void => {
    const numbers = values.get(given)!;
    const found = runReference(forward.steps, new Map(memory)).get(logps)!;
    for (const i of [0, 1, 2]) numbers.set([found[3 + i]! - estimate, Number(i !== 1), 0], 5 * i + 1);
  };
  const objective = (): number => {
    fix(memory);
    return (
      runReference(forward.steps, new Map(memory))
        .get(losses)!
        .reduce((sum, loss) => sum + loss) * inverse_tokens
    );
  };
  fix(memory);
  const g = new Graph();
  g.train(hidden);
  const { learnt } = bench.build(g, new Map(), (graph, pairs) => ktoLoss(graph, pairs, { beta: BETA }));
  const dx = g.grad(learnt.losses, learnt.losses, new Map()).get(hidden)!;
  const gradient = runReference(g.steps, new Map(memory)).get(dx)!;
  const array = memory.get(hidden)!;
  for (const [index, original] of [...array].entries()) {
    array[index] = original + 1e-5;
    const above = objective();
    array[index] = original - 1e-5;
    const below = objective();
    array[index] = original;
    expect(gradient[index], `dx[${index}]`).toBeCloseTo((above - below) / 2e-5, 7);
  }
  expect(gradient.some((one) => one !== 0)).toBe(true);
});

function lossesOf(given: readonly number[], beta = BETA) {
  const memory: Memory = new Map();
  const pairs = {
    logps: input(memory, 'logps', [4], Float64Array.of(-12.5, -30, -14, -20)),
    sequences: input(memory, 'sequences', [4, 2], Float64Array.of(0, 1, 1, 2, 2, 3, 3, 4), 'u32'),
    given: input(memory, 'given', [2, 5], Float64Array.from(given)),
    L: 6,
  };
  const g = new Graph();
  const { losses, weights, metrics } = ktoLoss(g, pairs, { beta });
  const run = runReference(g.steps, memory);
  return { losses: run.get(losses)!, weights: run.get(weights)!, metrics: run.get(metrics)! };
}

test("losses and metrics are those of TRL's formulas: a good text, and one that is not", () => {
  // The log ratios are 0.5 and −2, and the estimate is (1.5 + 0.5) / 2.
  const { losses, metrics } = lossesOf([-13, -15.5, 1, 0, 1, -28, -20.5, 0, 0, 2]);
  const sigmoid = (x: number): number => 1 / (1 + Math.exp(-x));
  expectNumbers(losses, [1 - sigmoid(0.3 * (0.5 - 1)), 2 * (1 - sigmoid(0.3 * (1 + 2)))], 12);
  expectNumbers(metrics, [1, 0.15, -12.5, 0, 0, 0, 1, 0, 0, 0, 1, -0.6, -30, 1], 12);
});

test('the second sequences, and rows of no sequence, have no gradient', () => {
  const { weights } = lossesOf([-13, -15.5, 1, 0, 1, -28, -20.5, 0, 0, 2]);
  expect(weights[0]).toBeGreaterThan(0);
  expect(weights[1]).toBeLessThan(0);
  expect([...weights.slice(2)]).toEqual([0, 0, 0, 0]);
});

test.each([0, -1, Number.NaN])('beta of %d is refused', (beta) => {
  expect(() => lossesOf(new Array(10).fill(0), beta)).toThrow(`beta: expected a number above 0, got ${beta}`);
});

test('shapes are checked', () => {
  const pairs = {
    logps: pinned('logps', [3]),
    sequences: pinned('s', [4, 2], 'u32'),
    given: pinned('g', [2, 5]),
    L: 4,
  };
  expect(() => ktoLoss(new Graph(), pairs, { beta: 1 })).toThrow('kto_loss logps: expected (4), got (3)');
});
