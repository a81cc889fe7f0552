import { expect, test } from 'vitest';
import { Graph } from '../../../src/graph/graph';
import { pinned } from '../../../src/graph/value';
import { add } from '../../../src/ops/add';
import { linear } from '../../../src/ops/products/linear';
import { embedding } from '../../../src/ops/rows/embedding';
import { input } from '../../helpers/gpu/on_gpu';
import { expectGradient } from '../../helpers/maths/gradient';
import { randomArray } from '../../helpers/maths/random';
import { type Memory, runReference } from '../../reference/runner';

const [V, C] = [5, 3];
const IDS = Float64Array.of(2, 0, 2, 1, 2, 0);

function setUp() {
  const memory: Memory = new Map();
  const weight = input(memory, 'weight', [V, C], randomArray(V * C, 1));
  const ids = input(memory, 'ids', [IDS.length], IDS, 'u32');
  return { memory, weight, ids };
}

test.each([0, 2])('embedding, offset %i: the rows that the ids name', (offset) => {
  const { memory, weight, ids } = setUp();
  const g = new Graph();
  const y = embedding(g, ids, weight, { offset });
  const rows = runReference(g.steps, memory).get(y)!;
  const table = memory.get(weight)!;
  IDS.forEach((id, n) => {
    expect(rows.subarray(n * C, (n + 1) * C)).toEqual(table.subarray((id + offset) * C, (id + offset + 1) * C));
  });
});

test('embedding, scaled: so many times the rows', () => {
  const { memory, weight, ids } = setUp();
  const g = new Graph();
  const [plain, scaled] = [embedding(g, ids, weight), embedding(g, ids, weight, { scale: 48 })];
  const results = runReference(g.steps, memory);
  expect(results.get(scaled)).toEqual(results.get(plain)!.map((value) => 48 * value));
});

test.each([
  { offset: 0, scale: 1 },
  { offset: 2, scale: 1 },
  { offset: 0, scale: 5 },
])('embedding, offset $offset, scale $scale: central differences by the weight', ({ offset, scale }) => {
  const { memory, weight, ids } = setUp();
  expectGradient((g) => embedding(g, ids, weight, { offset, scale }), memory, [weight]);
});

test('a table of tokens, one of positions and a head that shares the first', () => {
  const { memory, weight, ids } = setUp();
  const places = input(memory, 'places', [9, C], randomArray(27, 2));
  const positions = input(memory, 'positions', [6], Float64Array.of(0, 1, 2, 0, 1, 2), 'u32');
  const build = (g: Graph) =>
    linear(g, add(g, embedding(g, ids, weight), embedding(g, positions, places, { offset: 2 })), weight);
  expectGradient(build, memory, [weight, places]);
});

test('a frozen weight has no backward', () => {
  const { weight, ids } = setUp();
  const g = new Graph();
  expect(g.trains(embedding(g, ids, weight))).toBe(false);
});

test('the work of a gradient that grows with the square of the tokens can be split', () => {
  const [N, rows, columns] = [16_384, 49_152, 768];
  const [ids, weight] = [pinned('ids', [N], 'u32'), pinned('weight', [rows, columns])];
  const g = new Graph();
  g.train(weight);
  const forward = embedding(g, ids, weight);
  const before = g.steps.length;
  g.grad(forward, pinned('dy', [N, columns]), new Map([[weight, pinned('dw', [rows, columns])]]));
  const work = g.steps.slice(before).map(({ kernel, params }) => [kernel.name, kernel.splits, kernel.flops(params)]);
  expect(work).toEqual([
    ['embedding_links', true, N * N],
    ['embedding_backward', false, N * columns],
  ]);
});

test('embedding refuses what does not fit', () => {
  const ids = pinned('ids', [2], 'u32');
  expect(() => embedding(new Graph(), ids, pinned('weight', [6]))).toThrow(
    'embedding weight: expected (V, C), got (6)',
  );
  for (const offset of [-1, 5, 0.5]) {
    expect(() => embedding(new Graph(), ids, pinned('weight', [5, 3]), { offset })).toThrow(
      `embedding offset: expected an integer from 0 below 5, got ${offset}`,
    );
  }
});
