import { expect, test } from 'vitest';
import { numel } from '../../../src/core/numbers/shape';
import { Graph } from '../../../src/graph/graph';
import { pinned, type Value } from '../../../src/graph/value';
import { add } from '../../../src/ops/add';
import { mixedLossSum } from '../../../src/ops/mixed/mixed_loss_sum';
import { mixedScale } from '../../../src/ops/mixed/mixed_scale';
import { mixedScales } from '../../../src/ops/mixed/mixed_scales';
import { mul } from '../../../src/ops/mul';
import { veraAdd } from '../../../src/ops/vera/vera';
import { input } from '../../helpers/gpu/on_gpu';
import { expectGradient } from '../../helpers/maths/gradient';
import { randomArray } from '../../helpers/maths/random';
import { type Memory, runReference } from '../../reference/runner';
import { mixedInputs, withGradient } from './mixed_inputs';

test.each([
  { C: 1, R: 1, T: 1, which: [2] },
  { C: 7, R: 3, T: 2, which: [2, 0, 2] },
  { C: 8, R: 4, T: 1, which: [1, 0, 1, 2] },
])('mixed_scale C=$C R=$R T=$T: central differences by x and the residual', (sizes) => {
  const { memory, build, buildUp, x, residual } = mixedInputs(sizes);
  for (const one of [build, buildUp]) {
    for (const wrt of [[x], [residual], [x, residual]]) expectGradient(one, memory, wrt);
  }
});

test('mixed_scale: central differences by the vectors of all adapters, each times its scale', () => {
  const { memory, build, buildUp, x, table, residual, pools } = mixedInputs({ C: 7, R: 3, T: 66, which: [2, 0, 2, 1] });
  memory.get(pools.scales)!.fill(1);
  for (const one of [build, buildUp]) expectGradient(one, memory, [x, table, residual]);
  // Vectors of zeros have gradients too.
  memory.get(table)!.fill(0);
  for (const one of [build, buildUp]) expectGradient(one, memory, [table]);
});

test('mixed_up equals a product, a mixed_scale and a sum in every number and gradient', () => {
  const sizes = { C: 6, R: 5, T: 3, which: [2, 0, 2, 1] };
  const [apart, joined] = [mixedInputs(sizes), mixedInputs(sizes)];
  const found = [
    { ...apart, build: apart.build },
    { ...joined, build: joined.buildUp },
  ].map(({ memory, build, ...inputs }) => {
    const g = new Graph();
    const { y, dy, dx, grads } = withGradient(g, memory, build, inputs);
    memory.set(dy, randomArray(numel(dy.shape), 7));
    runReference(g.steps, memory);
    return {
      names: g.steps.map(({ kernel }) => kernel.name),
      numbers: [y, dx, grads].map((value) => memory.get(value)),
    };
  });
  expect(found[1]?.numbers).toEqual(found[0]?.numbers);
  expect(found[1]?.names).toEqual(
    found[0]?.names.flatMap((name, at) => (at === 1 ? ['mixed_up'] : at === 2 || at === 3 ? [] : [name])),
  );
});

test.each([1, 2, 3, 4])('mixed_scales by %d vectors: central differences by x and the vectors', (count) => {
  const { memory, x, table, pools } = mixedInputs({ C: 16, R: 4, T: 66, which: [1, 0] });
  memory.get(pools.scales)!.fill(1);
  const offsets = [8, 0, 4, 12].slice(0, count);
  const build = (g: Graph): Value =>
    mixedScales(g, x, offsets, pools).reduce(
      (sum, y, index) => (index % 2 === 0 ? add(g, mul(g, y, x), sum) : mul(g, sum, y)),
      x,
    );
  for (const wrt of [[x, table], [x], [table]]) expectGradient(build, memory, wrt);
});

test('mixed_scales: gradients where one result has no use', () => {
  const { memory, x, table, pools } = mixedInputs({ C: 8, R: 4, T: 2, which: [1, 0] });
  memory.get(pools.scales)!.fill(1);
  const build = (g: Graph): Value => {
    const [first, , third] = mixedScales(g, x, [8, 0, 4], pools) as [Value, Value, Value];
    return mul(g, first, third);
  };
  expectGradient(build, memory, [x, table]);
});

test('mixed_scale: a vector that is used twice, and an input with another use', () => {
  const { memory, x, table, pools } = mixedInputs({ C: 4, R: 4, T: 2, which: [1, 0] });
  memory.get(pools.scales)!.fill(1);
  const build = (g: Graph): Value => {
    const once = mixedScale(g, x, { ...pools, offset: 0 });
    return mul(g, mixedScale(g, once, { ...pools, offset: 0 }), x);
  };
  expectGradient(build, memory, [x, table]);
});

/** Computes the gradients of the adapters' vectors, one row for each adapter. */
function poolGradients({ memory, build, table }: ReturnType<typeof mixedInputs>): Float64Array {
  const g = new Graph();
  g.train(table);
  const y = build(g);
  const dy = input(memory, 'dy', y.shape, randomArray(numel(y.shape), 9));
  const grads = input(memory, 'grads', table.shape, new Float64Array(numel(table.shape)));
  g.grad(y, dy, new Map([[table, grads]]));
  runReference(g.steps, memory);
  return memory.get(grads)!;
}

test("each adapter's gradient is that of a batch of its own rows, times its scale", () => {
  const sizes = { C: 6, R: 5, T: 3, which: [2, 0, 2, 1] };
  const mixed = mixedInputs(sizes);
  const { memory, table, B, x, residual, offset, pools } = mixed;
  const all = poolGradients(mixed);
  const stride = table.shape[1]!;
  const dy = [...memory].find(([{ name }]) => name === 'dy')![1];
  for (const adapter of [0, 1, 2]) {
    const own = sizes.which.flatMap((one, row) => (one === adapter ? [row] : []));
    const rowsOf = (of: Float64Array, width: number) =>
      Float64Array.from(own.flatMap((row) => [...of.subarray(row * 3 * width, (row + 1) * 3 * width)]));
    const alone: Memory = new Map([[B, memory.get(B)!]]);
    const pool = input(alone, 'pool', [stride], memory.get(table)!.slice(adapter * stride, (adapter + 1) * stride));
    const u = input(alone, 'u', [own.length * 3, 5], rowsOf(memory.get(x)!, 5));
    const before = input(alone, 'y', [own.length * 3, 6], rowsOf(memory.get(residual)!, 6));
    const g = new Graph();
    g.train(pool);
    const z = veraAdd(g, before, { u, B, lambda: pool, offsetB: offset, offsetD: 0 });
    const dz = input(alone, 'dz', z.shape, rowsOf(dy, 6));
    const grads = input(alone, 'grads', [stride], new Float64Array(stride));
    g.grad(z, dz, new Map([[pool, grads]]));
    runReference(g.steps, alone);
    const scale = memory.get(pools.scales)![adapter]!;
    alone.get(grads)!.forEach((value, i) => {
      expect(all[adapter * stride + i], `adapter ${adapter} [${i}]`).toBeCloseTo(scale * value, 12);
    });
  }
});

test("numbers of one adapter's rows that aren't finite don't reach the gradients of others", () => {
  const mixed = mixedInputs({ C: 6, R: 5, T: 3, which: [2, 0, 1] });
  mixed.memory.get(mixed.x)!.fill(Number.NaN, 0, 15);
  const grads = poolGradients(mixed);
  const stride = mixed.table.shape[1]!;
  expect(grads.subarray(0, 2 * stride).every(Number.isFinite)).toBe(true);
  expect(grads.subarray(2 * stride).some(Number.isNaN)).toBe(true);
});

test.each<[string, Partial<Parameters<typeof mixedScale>[2]>, string]>([
  ['an offset between two words', { offset: 2 }, 'expected an offset and lines of multiples of 4'],
  ['a vector beyond the pool', { offset: 12 }, 'got 12 of 16'],
  ['lines between two words', { table: pinned('table', [3, 15]) }, 'got 0 of 15'],
  ['one pool', { table: pinned('table', [48]) }, 'mixed_scale table: expected (48, 0), got (48)'],
  ['too few rows', { T: 3 }, 'mixed_scale which: expected (2), got (3)'],
  ['too few scales', { scales: pinned('scales', [2]) }, 'mixed_scale scales: expected (3), got (2)'],
])('mixed_scale refuses %s', (_what, changes, message) => {
  const vector = {
    table: pinned('table', [3, 16]),
    which: pinned('which', [3], 'u32'),
    scales: pinned('scales', [3]),
    offset: 0,
    T: 2,
  };
  const g = new Graph();
  expect(() => mixedScale(g, pinned('x', [6, 7]), { ...vector, ...changes })).toThrow(message);
  expect(g.steps).toHaveLength(0);
});

test('mixed_loss_sum refuses rows of another number than the losses', () => {
  const parts = {
    losses: pinned('losses', [4]),
    rows: pinned('rows', [3], 'u32'),
    which: pinned('which', [2], 'u32'),
    T: 2,
  };
  const own = { index: 0, block: pinned('block', [8], 'u32'), stats: pinned('stats', [12], 'u32') };
  expect(() => mixedLossSum(new Graph(), parts, own)).toThrow('mixed_loss_sum rows: expected (4), got (3)');
});
