import { expect, test } from 'vitest';
import { Graph } from '../../../src/graph/graph';
import { pinned, type Value } from '../../../src/graph/value';
import { type DpoOptions, dpoLoss } from '../../../src/ops/losses/dpo_loss';
import { metricSums } from '../../../src/ops/losses/metric_sums';
import { sequenceLogps } from '../../../src/ops/losses/sequence_logps';
import { input } from '../../helpers/gpu/on_gpu';
import { blockWords } from '../../helpers/gpu/step_block';
import { randomArray } from '../../helpers/maths/random';
import { expectNumbers } from '../../helpers/maths/row_losses';
import { SequencePairBench } from '../../helpers/maths/sequence_pairs';
import { floatOf, STATS } from '../../reference/rows/words';
import { type Memory, runReference } from '../../reference/runner';

const kinds: readonly DpoOptions[] = [
  { loss_type: 'sigmoid', beta: 0.3, label_smoothing: 0 },
  { loss_type: 'robust', beta: 0.3, label_smoothing: 0.1 },
  { loss_type: 'ipo', beta: 0.5, label_smoothing: 0 },
  { loss_type: 'hinge', beta: 0.2, label_smoothing: 0 },
];
const sizes = [
  { tokens: [3, 2, 1, 4], chunkRows: 4, weights: [1, 1] },
  { tokens: [1, 2, 2, 1, 3, 1], chunkRows: 20, weights: [0.5, 2, 0] },
];

test.each(kinds.flatMap((options) => sizes.map((size) => ({ options, size }))))(
  'central differences of the mean over pairs: $options.loss_type, chunks of $size.chunkRows',
  ({ options, size }) => {
    const inverse_tokens = 1 / 4;
    const bench = new SequencePairBench({ ...size, C: 4, V: 5, inverse_tokens });
    const { memory, hidden, head } = bench;
    const forward = new Graph();
    const { losses } = bench.build(forward, new Map(), (g, pairs) => dpoLoss(g, pairs, options));
    const objective = (): number =>
      runReference(forward.steps, new Map(memory))
        .get(losses)!
        .reduce((sum, loss) => sum + loss) * inverse_tokens;
    const g = new Graph();
    const into = new Map([hidden, head].map((value) => [value, pinned(`d${value.name}`, value.shape)]));
    for (const value of into.keys()) g.train(value);
    const { learnt } = bench.build(g, into, (graph, pairs) => dpoLoss(graph, pairs, options));
    const sums = g.grad(learnt.losses, learnt.losses, into);
    const run = runReference(g.steps, new Map(memory));
    for (const value of [hidden, head]) {
      const gradient = run.get(sums.get(value)!)!;
      const array = memory.get(value)!;
      for (const [index, original] of [...array].entries()) {
        array[index] = original + 1e-5;
        const above = objective();
        array[index] = original - 1e-5;
        const below = objective();
        array[index] = original;
        expect(gradient[index], `d${value.name}[${index}]`).toBeCloseTo((above - below) / 2e-5, 7);
      }
      expect(gradient.some((one) => one !== 0)).toBe(true);
    }
  },
);

/** The model's log probabilities for two pairs. `GIVEN` has the reference's, the numbers of tokens and the weights. */
const LOGPS = [-12.5, -30, -14, -20];
const GIVEN = [-13, -14.5, 7, 9, 1, -28, -21, 15, 11, 1];

function lossesOf(options: DpoOptions, given = GIVEN) {
  const memory: Memory = new Map();
  const logps = input(memory, 'logps', [4], Float64Array.from(LOGPS));
  const pairs = {
    logps,
    sequences: input(memory, 'sequences', [4, 2], Float64Array.of(0, 1, 1, 2, 2, 3, 3, 4), 'u32'),
    given: input(memory, 'given', [2, 5], Float64Array.from(given)),
    L: 6,
  };
  const g = new Graph();
  const { losses, weights, metrics } = dpoLoss(g, pairs, options);
  const run = runReference(g.steps, memory);
  const of = (value: Value): Float64Array => run.get(value)!;
  return { losses: of(losses), weights: of(weights), metrics: of(metrics) };
}

test.each([
  { options: kinds[0]!, losses: [Math.LN2, 1.2411538747320878] },
  { options: kinds[1]!, losses: [Math.LN2, 1.3536538747320876] },
  { options: kinds[2]!, losses: [0.9685059208868734, 1.4987695133149677] },
  { options: kinds[3]!, losses: [1, 1.6] },
])("losses are those of TRL's formulas in torch: $options.loss_type", ({ options, losses }) => {
  expectNumbers(lossesOf(options).losses, losses, 9);
});

test("metrics are TRL's rewards, whether the chosen one is higher, and log probabilities", () => {
  const { metrics } = lossesOf(kinds[0]!, [-13.5, -14.5, 7, 9, 1, -28, -21, 15, 11, 1]);
  expectNumbers(metrics, [0.3, 0.15, 1, -12.5, -14, -0.6, 0.3, 0, -30, -20]);
});

test('a weight scales the loss of its pair and its gradient alone; rows of no sequence have none', () => {
  const plain = lossesOf(kinds[0]!);
  const weighted = lossesOf(kinds[0]!, [...GIVEN.slice(0, 4), 3, ...GIVEN.slice(5, 9), 0]);
  expectNumbers(weighted.losses, [3 * plain.losses[0]!, 0]);
  expectNumbers(weighted.weights, [3 * plain.weights[0]!, 0, 3 * plain.weights[2]!, 0, 0, 0]);
  expect(weighted.metrics).toEqual(plain.metrics);
});

test('a margin of any size has a finite loss', () => {
  const given = [0, -1e5, 7, 9, 1, -1e5, 0, 15, 11, 1];
  for (const options of kinds) expect([...lossesOf(options, given).losses].every(Number.isFinite)).toBe(true);
});

test.each([0, -1, Number.NaN])('beta of %d is refused', (beta) => {
  expect(() => lossesOf({ ...kinds[0]!, beta })).toThrow(`beta: expected a number above 0, got ${beta}`);
});

test.each([-0.1, 0.5, Number.NaN])('label_smoothing of %d is refused', (label_smoothing) => {
  expect(() => lossesOf({ ...kinds[1]!, label_smoothing })).toThrow('label_smoothing: expected a number from 0');
});

test('a sequence without tokens has the probability 1', () => {
  const memory: Memory = new Map();
  const losses = input(memory, 'losses', [3], Float64Array.of(1, 2, 4));
  const sequences = input(memory, 'sequences', [3, 2], Float64Array.of(0, 2, 2, 2, 2, 3), 'u32');
  const g = new Graph();
  const logps = sequenceLogps(g, losses, sequences);
  expectNumbers(runReference(g.steps, memory).get(logps)!, [-3, -0, -4]);
});

test('metric_sums adds up the micro-batches of a step, and leaves the other statistics alone', () => {
  const memory: Memory = new Map();
  const metrics = input(memory, 'metrics', [3, 2], randomArray(6, 1));
  const stats = input(memory, 'stats', [12], new Float64Array(12).fill(7), 'u32');
  const [a, b] = [0, 1].map((k) => [0, 1, 2].reduce((sum, n) => sum + memory.get(metrics)![2 * n + k]!, 0) / 4);
  const run = (micro_step: number): number[] => {
    const g = new Graph();
    const block = input(memory, 'block', [8], blockWords({ micro_step, inverse_tokens: 1 / 4 }), 'u32');
    metricSums(g, metrics, block, stats);
    const words = runReference(g.steps, memory).get(stats)!;
    expect([...words.slice(0, STATS.metrics), ...words.slice(STATS.metrics + 2)]).toEqual(new Array(10).fill(7));
    return [...words.slice(STATS.metrics, STATS.metrics + 2)].map(floatOf);
  };
  expectNumbers(Float64Array.from(run(0)), [a!, b!], 6);
  expectNumbers(Float64Array.from(run(1)), [2 * a!, 2 * b!], 6);
  expectNumbers(Float64Array.from(run(0)), [a!, b!], 6);
});
