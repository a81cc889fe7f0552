import { describe, expect, test } from 'vitest';
import { Graph } from '../../../src/graph/graph';
import { pinned } from '../../../src/graph/value';
import { binaryCrossEntropyWithLogits } from '../../../src/ops/losses/binary_cross_entropy_with_logits';
import { input } from '../../helpers/gpu/on_gpu';
import { randomArray } from '../../helpers/maths/random';
import { expectChunkedLossGradient, expectNumbers, lossesOfLogits } from '../../helpers/maths/row_losses';

const [N, C] = [6, 4];

describe.each([1, 3])('%i outputs', (V) => {
  test.each([
    { chunkRows: 1, chunks: 5 },
    { chunkRows: 4, chunks: 2 },
    { chunkRows: 6, chunks: 1 },
  ])('central differences, chunks of $chunkRows', ({ chunkRows, chunks }) => {
    const targets = randomArray(N * V, 5).map((number) => (number + 1) / 2);
    expectChunkedLossGradient({ loss: binaryCrossEntropyWithLogits, targets, V, chunkRows, chunks });
  });
});

test("the mean is torch's BCEWithLogitsLoss", () => {
  const logits = [
    [1.5, -0.5, 0.25, 2],
    [-1, 3, 0.5, 0],
    [0.5, 0.5, -2, 1],
  ];
  const wanted = Float64Array.of(1, 0, 0.5, 1, 0, 1, 1, 0.25, 0, 1, 0, 1);
  const { losses, gradient } = lossesOfLogits(logits, (g, inputs, memory) =>
    binaryCrossEntropyWithLogits(g, { ...inputs, targets: input(memory, 'targets', [3, 4], wanted) }),
  );
  expectNumbers(losses, [0.37583942327116876, 0.38226830095800424, 0.4720859167303522], 12);
  expectNumbers(
    gradient,
    [
      -0.015202126983863029, 0.03146172239984545, 0.005181375073816506, -0.009933576835176474, 0.02241178511416626,
      -0.003952156098130553, -0.03146172239984545, 0.020833333333333332, 0.05187161093348788, -0.03146172239984545,
      0.009933576835176462, -0.02241178511416626,
    ],
  );
});

test('targets are checked', () => {
  const inputs = {
    hidden: pinned('x', [N, C]),
    project: () => pinned('logits', [2, 3]),
    outputs: 3,
    rows: pinned('rows', [N], 'u32'),
    block: pinned('block', [8]),
    chunkRows: 2,
    into: new Map(),
  };
  expect(() => binaryCrossEntropyWithLogits(new Graph(), { ...inputs, targets: pinned('targets', [N]) })).toThrow(
    'binary_cross_entropy_with_logits targets: expected (6, 3), got (6)',
  );
});
