import { expect, test } from 'vitest';
import { Graph } from '../../../src/graph/graph';
import { pinned } from '../../../src/graph/value';
import { crossEntropy } from '../../../src/ops/losses/cross_entropy';
import { linear } from '../../../src/ops/products/linear';
import { input } from '../../helpers/gpu/on_gpu';
import { blockWords } from '../../helpers/gpu/step_block';
import { randomArray } from '../../helpers/maths/random';
import { expectLossGradient, expectNumbers, lossesOfLogits } from '../../helpers/maths/row_losses';
import type { Memory } from '../../reference/runner';

const [N, C, V, LABELLED] = [6, 4, 3, 5];

function setUp(chunkRows: number) {
  const memory: Memory = new Map();
  const weight = input(memory, 'weight', [V, C], randomArray(V * C, 2));
  const inputs = {
    hidden: input(memory, 'x', [N, C], randomArray(N * C, 1, 2)),
    outputs: V,
    rows: input(memory, 'rows', [N], Float64Array.of(1, 0, 5, 3, 2, 0), 'u32'),
    targets: input(memory, 'targets', [N], Float64Array.of(2, 0, 1, 1, 2, 0), 'u32'),
    weights: input(memory, 'weights', [N], Float64Array.of(0.5, 1.25, 4, 0, 2, 1)),
    block: input(memory, 'block', [8], blockWords({ labelled: LABELLED, inverse_tokens: 1 / 8 }), 'u32'),
    chunkRows,
  };
  return { memory, weight, inputs };
}

test.each([
  { chunkRows: 1, smoothing: 0 },
  { chunkRows: 4, smoothing: 0.25 },
  { chunkRows: 6, smoothing: 0 },
])('row weights: central differences, chunks of $chunkRows, smoothing $smoothing', ({ chunkRows, smoothing }) => {
  const { memory, weight, inputs } = setUp(chunkRows);
  expectLossGradient(
    (g, into) => crossEntropy(g, { ...inputs, project: (h) => linear(g, h, weight), smoothing, into }),
    memory,
    [inputs.hidden, weight],
    { labelled: LABELLED, inverseTokens: 1 / 8 },
  );
});

test("weights of classes as torch's CrossEntropyLoss has them, divided by their own sum", () => {
  const logits = [
    [1.5, -0.5, 0.25, 2],
    [-1, 3, 0.5, 0],
    [0.5, 0.5, -2, 1],
  ];
  const { losses, gradient } = lossesOfLogits(logits, (g, inputs, memory) => {
    const targets = input(memory, 'targets', [3], Float64Array.of(3, 0, 2), 'u32');
    // The weight of each row's target class; the four classes have the weights 0.5, 1, 2 and 4.
    const weights = input(memory, 'weights', [3], Float64Array.of(4, 0.5, 2));
    return crossEntropy(g, { ...inputs, targets, weights });
  });
  expectNumbers(losses, [2.487441581225832, 2.0699625757802975, 7.633248736585337]);
  // This mean divides by the number of rows, 3; torch's divides by the sum of the weights, 4 + 0.5 + 2.
  const toTorch = 3 / 6.5;
  expectNumbers(
    gradient.map((number) => number * toTorch),
    [
      0.20041436893123757, 0.02712313538399603, 0.05741967805850741, -0.28495718237374107, -0.07569815051156147,
      0.06687871599548217, 0.005489739310457271, 0.003329695205622026, 0.08247340801967118, 0.08247340801967118,
      -0.30092247810850475, 0.1359756620691624,
    ],
  );
});

test('the kernel of weights runs only if there are weights', () => {
  const stepsOf = (given: object): string[] => {
    const { inputs, weight } = setUp(6);
    const g = new Graph();
    crossEntropy(g, { ...inputs, project: (h) => linear(g, h, weight), into: new Map(), ...given });
    return g.steps.map(({ kernel }) => kernel.name);
  };
  expect(stepsOf({})).toEqual(['fill', 'gather_rows', 'linear', 'cross_entropy', 'row_weights']);
  expect(stepsOf({ weights: undefined })).toEqual(['fill', 'gather_rows', 'linear', 'cross_entropy']);
});

test('weights are checked', () => {
  const { inputs } = setUp(6);
  const given = { ...inputs, project: () => pinned('logits', [6, V]), into: new Map() };
  expect(() => crossEntropy(new Graph(), { ...given, weights: pinned('weights', [7]) })).toThrow(
    'row_weights weights: expected (6), got (7)',
  );
});
