import { describe, expect, test } from 'vitest';
import { Graph } from '../../src/graph/graph';
import { pinned, type Value } from '../../src/graph/value';
import { binaryCrossEntropyWithLogits } from '../../src/ops/binary_cross_entropy_with_logits';
import { linear } from '../../src/ops/products/linear';
import { rmsNorm } from '../../src/ops/rms_norm';
import type { RowLosses } from '../../src/ops/row_losses';
import { input } from '../helpers/on_gpu';
import { randomArray } from '../helpers/random';
import { expectLossGradient, expectNumbers, lossesOfLogits } from '../helpers/row_losses';
import { blockWords } from '../helpers/step_block';
import type { Memory } from '../reference/runner';

const [N, C, LABELLED] = [6, 4, 5];

describe.each([1, 3])('%i outputs', (V) => {
  test.each([
    { chunkRows: 1, chunks: 5 },
    { chunkRows: 4, chunks: 2 },
    { chunkRows: 6, chunks: 1 },
  ])('central differences, chunks of $chunkRows', ({ chunkRows, chunks }) => {
    const memory: Memory = new Map();
    const x = input(memory, 'x', [N, C], randomArray(N * C, 1, 2));
    const norm = input(memory, 'norm', [C], randomArray(C, 2));
    const weight = input(memory, 'weight', [V, C], randomArray(V * C, 3));
    const bias = input(memory, 'bias', [V], randomArray(V, 4));
    const given = {
      outputs: V,
      rows: input(memory, 'rows', [N], Float64Array.of(1, 0, 5, 3, 2, 0), 'u32'),
      targets: input(
        memory,
        'targets',
        [N, V],
        randomArray(N * V, 5).map((number) => (number + 1) / 2),
      ),
      block: input(memory, 'block', [8], blockWords({ labelled: LABELLED, inverse_tokens: 1 / 8 }), 'u32'),
      chunkRows,
    };
    const build = (g: Graph, into: ReadonlyMap<Value, Value>): RowLosses =>
      binaryCrossEntropyWithLogits(g, {
        hidden: rmsNorm(g, x, norm, 1e-5),
        project: (h) => linear(g, h, weight, bias),
        ...given,
        into,
      });
    const mean = { labelled: LABELLED, inverseTokens: 1 / 8, chunks };
    const [dx] = expectLossGradient(build, memory, [x, weight, bias], mean);
    // Row 4 has no label.
    expect([...dx!.subarray(4 * C, 5 * C)]).toEqual([0, 0, 0, 0]);
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
