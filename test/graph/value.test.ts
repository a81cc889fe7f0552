import { describe, expect, test } from 'vitest';
import { Graph } from '../../src/graph/graph';
import { byteLength, pinned, pinnedMatrix, pinnedTogether, shardsOf, wholeOf } from '../../src/graph/value';
import { add } from '../../src/ops/add';

const rows = (value: ReturnType<typeof pinnedMatrix>): (number | undefined)[] =>
  shardsOf(value).map(({ value: { shape } }) => shape[0]);

describe('a matrix that is larger than a binding', () => {
  test.each([
    // A matrix that fits into a binding has one shard.
    { shape: [100, 4], maxBytes: 1600, expected: [100] },
    { shape: [100, 4], maxBytes: 1599, expected: [64, 36] },
    { shape: [128, 4], maxBytes: 1599, expected: [64, 64] },
    // Larger matrices have as few shards as possible, of similar sizes.
    { shape: [300, 4], maxBytes: 16 * 256, expected: [192, 108] },
    { shape: [700, 4], maxBytes: 16 * 256, expected: [256, 256, 188] },
    { shape: [129, 1], maxBytes: 256, expected: [64, 64, 1] },
    // A shard has at least 64 rows.
    { shape: [200, 4], maxBytes: 1023, expected: [200] },
    { shape: [40, 4], maxBytes: 16, expected: [40] },
  ])('$shape within $maxBytes bytes: $expected', ({ shape, maxBytes, expected }) => {
    expect(rows(pinnedMatrix('weight', shape, 'f32', maxBytes))).toEqual(expected);
  });

  test('halves take half as much', () => {
    const weight = pinnedMatrix('weight', [300, 4], 'f16', 8 * 256);
    expect(rows(weight)).toEqual([192, 108]);
    for (const { value } of shardsOf(weight)) expect(value.dtype).toBe('f16');
  });

  test('the shape of Qwen2.5-0.5B’s embedding in 128 MiB', () => {
    const weight = pinnedMatrix('embed_tokens.weight', [151_936, 896], 'f16', 2 ** 27);
    expect(rows(weight)).toEqual([50_688, 50_688, 50_560]);
    expect(weight).toMatchObject({ name: 'embed_tokens.weight', shape: [151_936, 896], dtype: 'f16', pinned: true });
    const shards = shardsOf(weight);
    expect(shards.map(({ first }) => first)).toEqual([0, 50_688, 101_376]);
    expect(shards.reduce((sum, { value }) => sum + byteLength(value), 0)).toBe(byteLength(weight));
    expect(shards[1]?.value.name).toBe('embed_tokens.weight, rows 50688 to 101375');
  });

  test('an op that takes it in one piece says so', () => {
    const weight = pinnedMatrix('weight', [128, 4], 'f32', 1024);
    expect(() => add(new Graph(), pinned('x', [128, 4]), weight)).toThrow(
      'add: expected weight in one piece, but this GPU binds only parts of it: it lies in 2',
    );
  });
});

test('pinned values side by side: as many in a buffer as can be bound, each at a place that can', () => {
  const shapes = new Map([
    ['a', [5, 5]],
    ['b', [64]],
    ['c', [65]],
    ['d', [300]],
  ]);
  const values = pinnedTogether('gradient', shapes, 4 * 256);
  const places = [...values].map(([key, value]) => [key, value.shape, value.view?.offset]);
  expect(places).toEqual([
    ['a', [5, 5], 0],
    ['b', [64], 64],
    ['c', [65], 128],
    ['d', [300], 0],
  ]);
  const wholes = [...new Set([...values.values()].map(wholeOf))];
  expect(wholes.map(({ shape }) => shape)).toEqual([[256], [320]]);
});
