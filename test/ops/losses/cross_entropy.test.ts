import { describe, expect, test } from 'vitest';
import { Graph } from '../../../src/graph/graph';
import { pinned, type Value } from '../../../src/graph/value';
import { crossEntropy } from '../../../src/ops/losses/cross_entropy';
import { lossSum } from '../../../src/ops/losses/loss_sum';
import { rmsNorm } from '../../../src/ops/norms/rms_norm';
import { linear } from '../../../src/ops/products/linear';
import { embedding } from '../../../src/ops/rows/embedding';
import { veraDown } from '../../../src/ops/vera/vera';
import { input } from '../../helpers/gpu/on_gpu';
import { blockWords } from '../../helpers/gpu/step_block';
import { randomArray } from '../../helpers/maths/random';
import { expectLossGradient, expectNumbers, lossesOfLogits } from '../../helpers/maths/row_losses';
import { veraLinear } from '../../helpers/maths/vera_linear';
import { floatOf } from '../../reference/rows/words';
import { type Memory, runReference } from '../../reference/runner';

const N = 6;
const C = 4;
const V = 7;
// Five rows have labels; the sixth entry is padding, whose target must not count.
const ROWS = Float64Array.of(1, 0, 5, 3, 2, 0);
const TARGETS = Float64Array.of(6, 0, 3, 3, 1, 5);
const LABELLED = 5;
// 1/8 is exact in float32.
const INVERSE_TOKENS = 1 / 8;

type Build = (g: Graph, x: Value) => Value;
type SetUp = ReturnType<typeof setUp>;

function setUp(labelled = LABELLED) {
  const memory: Memory = new Map();
  const x = input(memory, 'x', [N, C], randomArray(N * C, 1, 2));
  const weight = input(memory, 'weight', [V, C], randomArray(V * C, 2));
  const given = {
    outputs: V,
    rows: input(memory, 'rows', [N], ROWS, 'u32'),
    targets: input(memory, 'targets', [N], TARGETS, 'u32'),
    block: input(memory, 'block', [8], blockWords({ labelled, inverse_tokens: INVERSE_TOKENS }), 'u32'),
  };
  return { memory, x, weight, given };
}

/** Builds the losses for a model whose hidden states are x itself, with a head that has no bias. */
function headOnly(g: Graph, { x, weight, given }: SetUp, chunkRows: number, into = new Map<Value, Value>()): Value {
  return crossEntropy(g, { hidden: x, project: (h) => linear(g, h, weight), ...given, chunkRows, into }).losses;
}

interface Chunks {
  readonly chunkRows: number;
  /** The number of chunks of rows that are computed. */
  readonly chunks?: number;
}

/** Compares the gradients of the mean loss with central differences, for every entry of `wrt`. Returns the gradients. */
function expectGradient(
  { memory, given }: SetUp,
  hidden: (g: Graph) => Value,
  project: Build,
  wrt: readonly Value[],
  { chunkRows, chunks }: Chunks,
  smoothing = 0,
): readonly Float64Array[] {
  return expectLossGradient(
    (g, into) =>
      crossEntropy(g, { hidden: hidden(g), project: (h) => project(g, h), ...given, smoothing, chunkRows, into }),
    memory,
    wrt,
    { labelled: LABELLED, inverseTokens: INVERSE_TOKENS, chunks },
  );
}

/** Computes −ln softmax(h·Wᵀ)[target] from its definition. */
function lossOf(h: Float64Array, weight: Float64Array, row: number, target: number): number {
  const logits = Array.from({ length: V }, (_, v) =>
    Array.from({ length: C }, (_, c) => h[row * C + c]! * weight[v * C + c]!).reduce((a, b) => a + b),
  );
  const sum = logits.reduce((total, z) => total + Math.exp(z), 0);
  return -Math.log(Math.exp(logits[target]!) / sum);
}

test.each([1, 2, 4, 6, 100])('losses in chunks of %i', (chunkRows) => {
  const set = setUp();
  const { memory, x, weight } = set;
  const g = new Graph();
  const losses = headOnly(g, set, chunkRows);
  const result = runReference(g.steps, memory).get(losses)!;
  for (let n = 0; n < N; n++) {
    const expected = n < LABELLED ? lossOf(memory.get(x)!, memory.get(weight)!, ROWS[n]!, TARGETS[n]!) : 0;
    expect(result[n]).toBeCloseTo(expected, 12);
  }
});

test("smoothing as transformers' LabelSmoother does it, here of 0.1", () => {
  const logits = [
    [1.5, -0.5, 0.25, 2],
    [-1, 3, 0.5, 0],
    [0.5, 0.5, -2, 1],
  ];
  const { losses, gradient } = lossesOfLogits(logits, (g, inputs, memory) => {
    const targets = input(memory, 'targets', [3], Float64Array.of(3, 0, 2), 'u32');
    return crossEntropy(g, { ...inputs, targets, smoothing: 0.1 });
  });
  expectNumbers(losses, [0.740610395306458, 3.977425151560595, 3.616624368292668]);
  expectNumbers(
    gradient,
    [
      0.10022444996930943, 0.00635836464167049, 0.022768992009285578, -0.12935180662026555, -0.30302531929036675,
      0.2814744370572708, 0.015455536701432931, 0.006095345531663003, 0.08101285871933661, 0.08101285871933661,
      -0.30099935168058095, 0.13897363424190776,
    ],
  );
});

test.each([-0.1, 1.5, Number.NaN])('a smoothing of %d is refused', (smoothing) => {
  const set = setUp();
  const given = { ...set.given, smoothing };
  expect(() => headOnly(new Graph(), { ...set, given }, 2)).toThrow(
    `smoothing: expected a number from 0 to 1, got ${smoothing}`,
  );
});

// Only the chunks that have labelled rows are computed.
const cuts: readonly Chunks[] = [
  { chunkRows: 1, chunks: 5 },
  { chunkRows: 2, chunks: 3 },
  { chunkRows: 4, chunks: 2 },
  { chunkRows: 6, chunks: 1 },
];

describe.each(cuts)('chunks of $chunkRows: central differences', (cut) => {
  test('by the inputs of a frozen head', () => {
    const set = setUp();
    const { memory, x, weight } = set;
    const norm = input(memory, 'norm', [C], randomArray(C, 3));
    const hidden = (g: Graph) => rmsNorm(g, x, norm, 1e-5);
    const [dx] = expectGradient(set, hidden, (g, h) => linear(g, h, weight), [x], cut);
    // Row 4 has no label.
    expect([...dx!.subarray(4 * C, 5 * C)]).toEqual([0, 0, 0, 0]);
  });

  test('by the weight and the bias of the head too', () => {
    const set = setUp();
    const { memory, x, weight } = set;
    const norm = input(memory, 'norm', [C], randomArray(C, 3));
    const bias = input(memory, 'bias', [V], randomArray(V, 4));
    const hidden = (g: Graph) => rmsNorm(g, x, norm, 1e-5);
    const project: Build = (g, h) => linear(g, h, weight, bias);
    expectGradient(set, hidden, project, [x, weight, bias], cut);
    expectGradient(set, hidden, project, [weight], cut);
    expectGradient(set, hidden, project, [bias], cut);
    expectGradient(set, hidden, project, [x, weight, bias], cut, 0.25);
  });

  test("by VeRA's vectors alone", () => {
    const set = setUp();
    const { memory, x, weight } = set;
    const R = 3;
    const A = input(memory, 'A', [R, C], randomArray(R * C, 5));
    const B = input(memory, 'B', [V, R], randomArray(V * R, 6));
    const lambda = input(memory, 'lambda', [12], randomArray(12, 7));
    const project: Build = (g, h) =>
      veraLinear(g, { x: h, u: veraDown(g, h, A), weight, B, lambda, offsetB: 0, offsetD: 8 });
    expectGradient(set, () => x, project, [lambda], cut);
    expectGradient(set, () => x, project, [x, lambda], cut);
  });

  test('by a weight that embeds as well', () => {
    const set = setUp();
    const { memory, weight } = set;
    const ids = input(memory, 'ids', [N], Float64Array.of(4, 1, 6, 4, 0, 1), 'u32');
    expectGradient(
      set,
      (g) => embedding(g, ids, weight),
      (g, h) => linear(g, h, weight),
      [weight],
      cut,
    );
  });
});

test('the gradient is added to earlier ones', () => {
  const set = setUp();
  const { memory, x } = set;
  const earlier = input(memory, 'earlier', [N, C], randomArray(N * C, 9));
  const gradientWith = (into: ReadonlyMap<Value, Value>): Float64Array => {
    const g = new Graph();
    g.train(x);
    const losses = headOnly(g, set, 4);
    const dx = g.grad(losses, losses, into).get(x)!;
    return runReference(g.steps, new Map(memory)).get(dx)!;
  };
  const alone = gradientWith(new Map());
  const total = gradientWith(new Map([[x, earlier]]));
  expect(total).toEqual(alone.map((v, index) => v + memory.get(earlier)![index]!));
});

describe('what is dispatched', () => {
  const stepsOf = (...trained: ('x' | 'weight')[]): string[] => {
    const set = setUp();
    const g = new Graph();
    for (const name of trained) g.train(set[name]);
    const losses = headOnly(g, set, 4, new Map([[set.weight, pinned('dw', [V, C])]]));
    g.grad(losses, losses, new Map());
    return g.steps.map(({ kernel, chunk }) => `${chunk ?? ''} ${kernel.name}`.trim());
  };
  const each = (...kernels: string[]): string[] => [0, 1].flatMap((chunk) => kernels.map((name) => `${chunk} ${name}`));

  test('without training nothing is differentiated', () => {
    expect(stepsOf()).toEqual(['fill', ...each('gather_rows', 'linear', 'cross_entropy')]);
  });

  test('a frozen head has one product for its gradient', () => {
    const chunks = each('gather_rows', 'linear', 'cross_entropy', 'linear_backward', 'scatter_rows');
    expect(stepsOf('x')).toEqual(['fill', 'fill', ...chunks]);
  });

  test('a trained head needs no gradient of what is frozen before it', () => {
    expect(stepsOf('weight')).toEqual([
      'fill',
      ...each('gather_rows', 'linear', 'cross_entropy', 'linear_weight_backward'),
    ]);
  });
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

test('chunks, targets and logits are checked', () => {
  const set = setUp();
  expect(() => headOnly(new Graph(), set, 0)).toThrow('chunkRows');
  const targets = pinned('targets', [N - 1], 'u32');
  expect(() => headOnly(new Graph(), { ...set, given: { ...set.given, targets } }, 1)).toThrow(
    'cross_entropy targets: expected (6), got (5)',
  );
  expect(() => headOnly(new Graph(), { ...set, given: { ...set.given, outputs: 9 } }, 2)).toThrow(
    'cross_entropy logits: expected (2, 9), got (2, 7)',
  );
});
