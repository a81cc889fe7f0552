import { describe, expect, test } from 'vitest';
import { Graph } from '../../../src/graph/graph';
import { pinned } from '../../../src/graph/value';
import { squaredError } from '../../../src/ops/losses/squared_error';
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
    const targets = randomArray(N * V, 5, 3);
    expectChunkedLossGradient({ loss: squaredError, targets, V, chunkRows, chunks });
  });
});

test("the mean is torch's MSELoss", () => {
  const logits = [
    [1.5, -0.5, 0.25, 2],
    [-1, 3, 0.5, 0],
    [0.5, 0.5, -2, 1],
  ];
  const wanted = Float64Array.of(1, 0, 0.5, -2, 0, 2, 1, 0.25, -1, 1.5, 0, 1);
  const { losses, gradient } = lossesOfLogits(logits, (g, inputs, memory) =>
    squaredError(g, { ...inputs, targets: input(memory, 'targets', [3, 4], wanted) }),
  );
  expectNumbers(losses, [4.140625, 0.578125, 1.8125]);
  expect(losses.reduce((a, b) => a + b) / 3).toBeCloseTo(2.1770833333333335, 12);
  const twelfth = 1 / 12;
  expectNumbers(
    gradient,
    [1, -1, -0.5, 8, -2, 2, -1, -0.5, 3, -2, -4, 0].map((number) => number * twelfth),
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
  expect(() => squaredError(new Graph(), { ...inputs, targets: pinned('targets', [N]) })).toThrow(
    'squared_error targets: expected (6, 3), got (6)',
  );
});
