import { expect, test } from 'vitest';
import { Graph } from '../../src/graph/graph';
import { pinned, type Value } from '../../src/graph/value';
import { crossEntropy } from '../../src/ops/cross_entropy';
import { lossSum } from '../../src/ops/loss_sum';
import { rmsNorm } from '../../src/ops/rms_norm';
import { input } from '../helpers/on_gpu';
import { randomArray } from '../helpers/random';
import { blockWords } from '../helpers/step_block';
import { type Memory, runReference } from '../reference/runner';
import { floatOf } from '../reference/words';

const N = 6;
const C = 4;
const V = 7;
// Five entries with a label; the sixth is padding, and its target must not count.
const ROWS = Float64Array.of(1, 0, 5, 3, 2, 0);
const TARGETS = Float64Array.of(6, 0, 3, 3, 1, 5);
const LABELLED = 5;
// An eighth is exact in float32.
const INVERSE_TOKENS = 1 / 8;

function setUp(labelled = LABELLED) {
  const memory: Memory = new Map();
  const x = input(memory, 'x', [N, C], randomArray(N * C, 1, 2));
  const given = {
    weight: input(memory, 'weight', [V, C], randomArray(V * C, 2)),
    rows: input(memory, 'rows', [N], ROWS, 'u32'),
    targets: input(memory, 'targets', [N], TARGETS, 'u32'),
    block: input(memory, 'block', [8], blockWords({ labelled, inverse_tokens: INVERSE_TOKENS }), 'u32'),
  };
  return { memory, x, given };
}

/** −ln softmax(h·Wᵀ)[target], by the definition. */
function lossOf(h: Float64Array, weight: Float64Array, row: number, target: number): number {
  const logits = Array.from({ length: V }, (_, v) =>
    Array.from({ length: C }, (_, c) => h[row * C + c]! * weight[v * C + c]!).reduce((a, b) => a + b),
  );
  const sum = logits.reduce((total, z) => total + Math.exp(z), 0);
  return -Math.log(Math.exp(logits[target]!) / sum);
}

test.each([1, 2, 4, 6, 100])('losses in chunks of %i', (chunkRows) => {
  const { memory, x, given } = setUp();
  const g = new Graph();
  const losses = crossEntropy(g, { hidden: x, ...given, chunkRows });
  const result = runReference(g.steps, memory).get(losses)!;
  for (let n = 0; n < N; n++) {
    const expected = n < LABELLED ? lossOf(memory.get(x)!, memory.get(given.weight)!, ROWS[n]!, TARGETS[n]!) : 0;
    expect(result[n]).toBeCloseTo(expected, 12);
  }
});

test.each([
  { chunkRows: 1, chunks: 5 },
  { chunkRows: 2, chunks: 3 },
  { chunkRows: 4, chunks: 2 },
  { chunkRows: 6, chunks: 1 },
])('gradient in chunks of $chunkRows: central differences', ({ chunkRows, chunks }) => {
  const { memory, x, given } = setUp();
  const build = (g: Graph, normWeight: Value) =>
    crossEntropy(g, { hidden: rmsNorm(g, x, normWeight, 1e-5), ...given, chunkRows });
  const normWeight = input(memory, 'norm', [C], randomArray(C, 3));
  const objective = (): number => {
    const g = new Graph();
    const losses = build(g, normWeight);
    const values = runReference(g.steps, new Map(memory)).get(losses)!;
    return values.subarray(0, LABELLED).reduce((a, b) => a + b) * INVERSE_TOKENS;
  };

  const g = new Graph();
  g.train(x);
  const losses = build(g, normWeight);
  const dx = g.grad(losses, losses, new Map()).get(x)!;
  // The chunks that hold labelled rows are enough.
  const gradient = runReference(g.steps, new Map(memory), chunks).get(dx)!;

  const array = memory.get(x)!;
  array.forEach((original, index) => {
    array[index] = original + 1e-5;
    const above = objective();
    array[index] = original - 1e-5;
    const below = objective();
    array[index] = original;
    expect(gradient[index]).toBeCloseTo((above - below) / 2e-5, 8);
  });
  // Row 4 has no label.
  expect([...gradient.subarray(4 * C, 5 * C)]).toEqual([0, 0, 0, 0]);
});

test('the gradient adds to what others gave', () => {
  const { memory, x, given } = setUp();
  const earlier = input(memory, 'earlier', [N, C], randomArray(N * C, 9));
  const gradientWith = (into: ReadonlyMap<Value, Value>): Float64Array => {
    const g = new Graph();
    g.train(x);
    const losses = crossEntropy(g, { hidden: x, ...given, chunkRows: 4 });
    const dx = g.grad(losses, losses, into).get(x)!;
    return runReference(g.steps, new Map(memory)).get(dx)!;
  };
  const alone = gradientWith(new Map());
  const total = gradientWith(new Map([[x, earlier]]));
  expect(total).toEqual(alone.map((v, index) => v + memory.get(earlier)![index]!));
});

test('without training nothing is differentiated', () => {
  const { x, given } = setUp();
  const g = new Graph();
  crossEntropy(g, { hidden: x, ...given, chunkRows: 6 });
  expect(g.steps.map(({ kernel }) => kernel.name)).toEqual(['fill', 'gather_rows', 'linear', 'cross_entropy']);
});

test('loss_sum adds up the micro-batches of a step', () => {
  const memory: Memory = new Map();
  const losses = input(memory, 'losses', [4], Float64Array.of(1, 2, 4, Number.NaN));
  const stats = input(memory, 'stats', [8], new Float64Array(8).fill(7), 'u32');
  const run = (micro_step: number, labelled: number): number => {
    const block = input(memory, 'block', [8], blockWords({ micro_step, labelled, inverse_tokens: 1 / 4 }), 'u32');
    const g = new Graph();
    lossSum(g, losses, block, stats);
    return floatOf(runReference(g.steps, memory).get(stats)![0]);
  };
  expect(run(0, 3)).toBe(7 / 4);
  expect(run(1, 2)).toBe(7 / 4 + 3 / 4);
  expect(run(0, 1)).toBe(1 / 4);
  expect(memory.get(stats)!.slice(1)).toEqual(new Float64Array(7).fill(7));
});

test('chunks and targets are checked', () => {
  const { x, given } = setUp();
  expect(() => crossEntropy(new Graph(), { hidden: x, ...given, chunkRows: 0 })).toThrow('chunkRows');
  const targets = pinned('targets', [N - 1], 'u32');
  expect(() => crossEntropy(new Graph(), { hidden: x, ...given, targets, chunkRows: 1 })).toThrow(
    'cross_entropy targets: expected (6), got (5)',
  );
});
