import { expect, test } from 'vitest';
import { Graph } from '../../../src/graph/graph';
import { pinned } from '../../../src/graph/value';
import { repeatHeads } from '../../../src/ops/attention/repeat_heads';
import { expectGradient } from '../../helpers/gradient';
import { input } from '../../helpers/on_gpu';
import { randomArray } from '../../helpers/random';
import { codeThrownBy } from '../../helpers/safetensors_bytes';
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
