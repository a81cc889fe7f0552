import { describe, expect, test } from 'vitest';
import { Graph } from '../../src/graph/graph';
import { pinned } from '../../src/graph/value';
import { copyInto } from '../../src/ops/copy';
import { codeThrownBy } from '../helpers/bytes/safetensors_bytes';
import { expectGpuEqualsReference, input, runOnGpu } from '../helpers/gpu/on_gpu';
import { randomArray } from '../helpers/maths/random';
import type { Memory } from '../reference/runner';

test.each([
  { size: 1, offset: 0, room: 1 },
  { size: 5, offset: 3, room: 9 },
  { size: 123, offset: 256, room: 379 },
  { size: 64 * 576, offset: 1, room: 70_000 },
])('copy of $size elements to $offset of $room: those change and no others', async ({ size, offset, room }) => {
  const memory: Memory = new Map();
  const source = input(memory, 'source', [size], randomArray(size, 1));
  const target = input(memory, 'target', [room], randomArray(room, 2));
  const g = new Graph();
  copyInto(g, source, target, offset);
  await expectGpuEqualsReference(g, memory, [target], 0);
});

test('one after the other, whatever their shapes and bits', async () => {
  const memory: Memory = new Map();
  const words = Float64Array.of(0x7fc00001, 0xff800000, 0x80000000, 1, 0xffffffff, 0);
  const first = input(memory, 'first', [2, 3], words, 'u32');
  const second = input(memory, 'second', [2], Float64Array.of(7, 8), 'u32');
  const target = input(memory, 'target', [3, 3], new Float64Array(9).fill(9), 'u32');
  const g = new Graph();
  copyInto(g, first, target, 0);
  copyInto(g, second, target, 6);
  expect((await runOnGpu(g.steps, memory, [target])).get(target)).toEqual(Float64Array.of(...words, 7, 8, 9));
});

describe('copy refuses', () => {
  const target = pinned('target', [9]);
  test.each([
    ['too little room', pinned('source', [5]), 5],
    ['a negative offset', pinned('source', [5]), -1],
    ['half an offset', pinned('source', [5]), 0.5],
    ['two types', pinned('source', [5], 'u32'), 0],
  ])('%s', (_what, source, offset) => {
    expect(codeThrownBy(() => copyInto(new Graph(), source, target, offset))).toBe('invalid_argument');
  });

  test('halves', () => {
    const half = pinned('half', [4], 'f16');
    expect(codeThrownBy(() => copyInto(new Graph(), half, pinned('halves', [8], 'f16'), 0))).toBe('invalid_argument');
  });

  test('what trains', () => {
    const g = new Graph();
    const source = g.train(pinned('source', [5]));
    expect(codeThrownBy(() => copyInto(g, source, target, 0))).toBe('internal');
  });
});
