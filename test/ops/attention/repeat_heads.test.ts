import { expect, test } from 'vitest';
import { Graph } from '../../../src/graph/graph';
import { pinned } from '../../../src/graph/value';
import { repeatHeads } from '../../../src/ops/attention/repeat_heads';
import { codeThrownBy } from '../../helpers/bytes/safetensors_bytes';
import { input } from '../../helpers/gpu/on_gpu';
import { expectGradient } from '../../helpers/maths/gradient';
import { randomArray } from '../../helpers/maths/random';
import { type Memory, runReference } from '../../reference/runner';

test('a head stands beside its copies', () => {
  const memory: Memory = new Map();
  const x = input(memory, 'x', [1, 4], Float64Array.of(1, 2, 3, 4));
  const g = new Graph();
  const y = repeatHeads(g, x, 2, 3);
  expect(y.shape).toEqual([1, 12]);
  expect([...(runReference(g.steps, memory).get(y) ?? [])]).toEqual([1, 2, 1, 2, 1, 2, 3, 4, 3, 4, 3, 4]);
});

test('repeat_heads: central differences', () => {
  const memory: Memory = new Map();
  const x = input(memory, 'x', [3, 6], randomArray(18, 1));
  expectGradient((g) => repeatHeads(g, x, 3, 4), memory, [x]);
});

test('refuses heads that do not divide the row', () => {
  expect(codeThrownBy(() => repeatHeads(new Graph(), pinned('x', [3, 6]), 4, 2))).toBe('invalid_argument');
});
