import { expect, test } from 'vitest';
import { Graph } from '../../../src/graph/graph';
import { pinned, transient, type Value } from '../../../src/graph/value';
import { mul } from '../../../src/ops/mul';
import { scaleColumns } from '../../../src/ops/norms/scale_columns';
import { input } from '../../helpers/gpu/on_gpu';
import { expectGradient } from '../../helpers/maths/gradient';
import { randomArray } from '../../helpers/maths/random';
import { type Memory, runReference } from '../../reference/runner';

const POOL = 16;
const OFFSET = 4;

interface Inputs {
  readonly memory: Memory;
  readonly x: Value;
  readonly pool: Value;
  readonly residual: Value;
}

function inputs(N: number, C: number): Inputs {
  const memory: Memory = new Map();
  const x = input(memory, 'x', [N, C], randomArray(N * C, 1));
  const pool = input(memory, 'pool', [POOL], randomArray(POOL, 2));
  return { memory, x, pool, residual: input(memory, 'residual', [N, C], randomArray(N * C, 3)) };
}

test.each([
  { N: 1, C: 1 },
  { N: 3, C: 7 },
  { N: 5, C: 8 },
])('scale_columns N=$N C=$C: central differences by x, the vector and the residual', ({ N, C }) => {
  const { memory, x, pool, residual } = inputs(N, C);
  // A zero in the vector proves that the backward pass doesn't compute x from the result, which would divide by zero.
  memory.get(pool)![OFFSET] = 0;
  const build = (g: Graph): Value => scaleColumns(g, x, { pool, offset: OFFSET }, residual);
  for (const wrt of [[x], [pool], [residual], [x, pool], [x, pool, residual]]) expectGradient(build, memory, wrt);
  expectGradient((g) => scaleColumns(g, x, { pool, offset: OFFSET }), memory, [x, pool]);
});

test('scale_columns: x with another use, and two vectors of one pool', () => {
  const { memory, x, pool, residual } = inputs(3, 4);
  const build = (g: Graph): Value => {
    const once = scaleColumns(g, x, { pool, offset: OFFSET });
    return mul(g, scaleColumns(g, once, { pool, offset: 12 }, residual), x);
  };
  expectGradient(build, memory, [x, pool, residual]);
});

test('scale_columns: a vector of ones gives x itself', () => {
  const { memory, x, pool } = inputs(3, 4);
  memory.get(pool)!.fill(1);
  const g = new Graph();
  const y = scaleColumns(g, x, { pool, offset: OFFSET });
  expect(runReference(g.steps, memory).get(y)).toEqual(memory.get(x));
});

test('scale_columns: the gradients of x and the vector take one dispatch, and frozen inputs take none', () => {
  const [x, pool] = [pinned('x', [3, 8]), pinned('pool', [POOL])];
  const residual = pinned('residual', [3, 8]);
  const kernels = (trained: readonly Value[]): string[] => {
    const g = new Graph();
    for (const value of trained) g.train(value);
    const y = scaleColumns(g, x, { pool, offset: OFFSET }, residual);
    g.grad(y, transient('dy', y.shape), new Map([[pool, pinned('grads', [POOL])]]));
    return g.steps.map(({ kernel }) => kernel.name);
  };
  expect(kernels([x])).toEqual(['scale_columns', 'scale_columns']);
  expect(kernels([pool])).toEqual(['scale_columns', 'scale_columns_backward']);
  expect(kernels([x, pool])).toEqual(['scale_columns', 'scale_columns_backward']);
  expect(kernels([residual])).toEqual(['scale_columns']);
});

test.each([2, 12, -4, 0.5])('scale_columns: refuses a vector of 8 numbers at %d of 16', (offset) => {
  const [x, pool] = [pinned('x', [3, 8]), pinned('pool', [POOL])];
  expect(() => scaleColumns(new Graph(), x, { pool, offset })).toThrow(/expected a pool with 8 numbers/);
});
