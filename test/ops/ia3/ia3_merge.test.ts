import { expect, test } from 'vitest';
import { Graph } from '../../../src/graph/graph';
import { pinned, type Value } from '../../../src/graph/value';
import { ia3Merge } from '../../../src/ops/ia3/ia3_merge';
import { scaleColumns } from '../../../src/ops/norms/scale_columns';
import { linear } from '../../../src/ops/products/linear';
import { input } from '../../helpers/gpu/on_gpu';
import { randomArray } from '../../helpers/maths/random';
import { type Memory, runReference } from '../../reference/runner';

const [N, K, M] = [4, 5, 7];

test.each(['rows', 'columns'] as const)('a weight scaled by %s does what the scaled layer does', (by) => {
  const memory: Memory = new Map();
  const given = (name: string, shape: readonly number[], seed: number): Value =>
    input(
      memory,
      name,
      shape,
      randomArray(
        shape.reduce((a, b) => a * b),
        seed,
      ),
    );
  const [x, weight, bias] = [given('x', [N, K], 1), given('weight', [M, K], 2), given('bias', [M], 3)];
  const vector = { pool: given('pool', [16], 4), offset: 8 };
  const [into, scaledBias] = [given('into', [M, K], 5), given('scaled bias', [M], 6)];
  const g = new Graph();
  ia3Merge(g, weight, vector, by, into);
  ia3Merge(g, bias, vector, 'columns', scaledBias);
  const merged = linear(g, x, into, by === 'rows' ? scaledBias : bias);
  const scaled =
    by === 'rows'
      ? scaleColumns(g, linear(g, x, weight, bias), vector)
      : linear(g, scaleColumns(g, x, vector), weight, bias);
  runReference(g.steps, memory);
  memory.get(merged)!.forEach((v, i) => {
    expect(v).toBeCloseTo(memory.get(scaled)![i]!, 12);
  });
});

test('a vector has to be as long as the side that it scales', () => {
  const [weight, into] = [pinned('weight', [M, K]), pinned('into', [M, K])];
  const vector = { pool: pinned('pool', [8]), offset: 0 };
  expect(() => ia3Merge(new Graph(), weight, { ...vector, offset: 4 }, 'rows', into)).toThrow(/a pool with 7 numbers/);
  expect(() => ia3Merge(new Graph(), weight, { ...vector, offset: 4 }, 'columns', into)).toThrow(/with 5 numbers/);
});
