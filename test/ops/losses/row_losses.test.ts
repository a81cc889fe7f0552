import { describe, expect, test } from 'vitest';
import { Graph } from '../../../src/graph/graph';
import { pinned, type Value } from '../../../src/graph/value';
import { crossEntropy } from '../../../src/ops/losses/cross_entropy';
import { type RowLosses, rowLosses } from '../../../src/ops/losses/row_losses';
import { linear } from '../../../src/ops/products/linear';
import { input } from '../../helpers/gpu/on_gpu';
import { blockWords } from '../../helpers/gpu/step_block';
import { randomArray } from '../../helpers/maths/random';
import { type Memory, runReference } from '../../reference/runner';

const [N, C, V, LABELLED] = [5, 3, 4, 4];
const ROWS = [4, 0, 3, 1, 0];

function setUp() {
  const memory: Memory = new Map();
  const weight = input(memory, 'weight', [V, C], randomArray(V * C, 2));
  const inputs = {
    hidden: input(memory, 'x', [N, C], randomArray(N * C, 1, 2)),
    outputs: V,
    rows: input(memory, 'rows', [N], Float64Array.from(ROWS), 'u32'),
    block: input(memory, 'block', [8], blockWords({ labelled: LABELLED, inverse_tokens: 1 / 4 }), 'u32'),
    chunkRows: 2,
    into: new Map<Value, Value>(),
  };
  const targets = input(memory, 'targets', [N], Float64Array.of(1, 3, 0, 2, 0), 'u32');
  const losses = (g: Graph): RowLosses => crossEntropy(g, { ...inputs, project: (h) => linear(g, h, weight), targets });
  return { memory, weight, inputs, targets, losses };
}

/** Computes the head's logits for the rows of all chunks, in float64. */
function logitsByHand({ memory, weight, inputs: { hidden } }: ReturnType<typeof setUp>): number[][] {
  const [x, w] = [memory.get(hidden)!, memory.get(weight)!];
  const dot = (row: number, v: number): number =>
    x[row * C]! * w[v * C]! + x[row * C + 1]! * w[v * C + 1]! + x[row * C + 2]! * w[v * C + 2]!;
  return ROWS.map((row) => Array.from({ length: V }, (_, v) => dot(row, v)));
}

describe('the logits of the chunks', () => {
  test("are the head's if nothing trains", () => {
    const set = setUp();
    const g = new Graph();
    const { logits } = set.losses(g);
    expect(logits.map(({ shape }) => shape)).toEqual([
      [2, V],
      [2, V],
      [1, V],
    ]);
    const run = runReference(g.steps, set.memory);
    const found = logits.flatMap((value) => [...run.get(value)!]);
    const expected = logitsByHand(set).flat();
    expect(found).toHaveLength(expected.length);
    found.forEach((z, at) => {
      expect(z, `logit ${at}`).toBeCloseTo(expected[at]!, 12);
    });
  });

  test('are replaced by their gradients if something trains', () => {
    const set = setUp();
    const g = new Graph();
    g.train(set.inputs.hidden);
    const { logits } = set.losses(g);
    const run = runReference(g.steps, set.memory);
    const rows = logits.flatMap((value) => {
      const numbers = run.get(value)!;
      return Array.from({ length: numbers.length / V }, (_, i) => numbers.subarray(i * V, (i + 1) * V));
    });
    const targets = set.memory.get(set.targets)!;
    logitsByHand(set).forEach((z, n) => {
      const sum = z.reduce((total, one) => total + Math.exp(one), 0);
      z.forEach((one, v) => {
        const gradient = n < LABELLED ? (Math.exp(one) / sum - Number(v === targets[n])) / 4 : 0;
        expect(rows[n]![v], `row ${n}, output ${v}`).toBeCloseTo(gradient, 12);
      });
    });
  });
});

test('a loss gets the place of each chunk, and whether a gradient is needed', () => {
  const paramsOf = (trained: boolean): object[] => {
    const { weight, inputs } = setUp();
    const g = new Graph();
    if (trained) g.train(inputs.hidden);
    const all: object[] = [];
    rowLosses(g, 'a loss', { ...inputs, project: (h) => linear(g, h, weight) }, ({ losses }, params) => {
      all.push({ ...params, L: losses.shape[0] });
    });
    return all;
  };
  const chunk = (start: number, count: number, has_gradient: number) => ({ start, count, V, has_gradient, L: N });
  expect(paramsOf(false)).toEqual([chunk(0, 2, 0), chunk(2, 2, 0), chunk(4, 1, 0)]);
  expect(paramsOf(true)).toEqual([chunk(0, 2, 1), chunk(2, 2, 1), chunk(4, 1, 1)]);
});

test('errors name the loss', () => {
  const { inputs } = setUp();
  const project = () => pinned('logits', [2, V + 1]);
  expect(() => rowLosses(new Graph(), 'a loss', { ...inputs, project }, () => {})).toThrow(
    'a loss logits: expected (2, 4), got (2, 5)',
  );
});
