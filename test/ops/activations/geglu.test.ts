import { expect, test } from 'vitest';
import { Graph } from '../../../src/graph/graph';
import { pinned, transient } from '../../../src/graph/value';
import { geglu } from '../../../src/ops/activations/geglu';
import { geluNew } from '../../../src/ops/activations/gelu_new';
import { input } from '../../helpers/gpu/on_gpu';
import { expectGradient } from '../../helpers/maths/gradient';
import { randomArray } from '../../helpers/maths/random';
import { type Memory, runReference } from '../../reference/runner';

test.each([
  { N: 1, F: 1 },
  { N: 3, F: 5 },
])('geglu N=$N F=$F: central differences', ({ N, F }) => {
  const memory: Memory = new Map();
  const gate = input(memory, 'gate', [N, F], randomArray(N * F, 1, 3));
  const up = input(memory, 'up', [N, F], randomArray(N * F, 2));
  expectGradient((g) => geglu(g, gate, up), memory, [gate, up]);
});

test('geglu: a frozen input gets no gradient', () => {
  const gate = pinned('gate', [2, 3]);
  const up = pinned('up', [2, 3]);
  const g = new Graph();
  g.train(up);
  const y = geglu(g, gate, up);
  const gradients = g.grad(y, transient('dy', [2, 3]), new Map());
  expect(gradients.has(up)).toBe(true);
  expect(gradients.has(gate)).toBe(false);
});

test('geglu refuses two shapes', () => {
  expect(() => geglu(new Graph(), pinned('gate', [2, 3]), pinned('up', [2, 4]))).toThrow(
    'geglu up: expected (2, 3), got (2, 4)',
  );
});

test('geglu: the gated value is gelu_new of its gate', () => {
  const memory: Memory = new Map();
  const gate = input(memory, 'gate', [4], Float64Array.of(-30, -1, 1, 30));
  const up = input(memory, 'up', [4], Float64Array.of(2, 3, -5, 7));
  const g = new Graph();
  const [y, activated] = [geglu(g, gate, up), geluNew(g, gate)];
  const results = runReference(g.steps, memory);
  const expected = results.get(activated)!.map((value, index) => value * memory.get(up)![index]!);
  expect(results.get(y)).toEqual(expected);
});
