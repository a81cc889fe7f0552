import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { Graph } from '../../../src/graph/graph';
import { pinned, transient, type Value } from '../../../src/graph/value';
import { shortConv } from '../../../src/ops/convolution/short_conv';
import { codeThrownBy } from '../../helpers/bytes/safetensors_bytes';
import { input } from '../../helpers/gpu/on_gpu';
import { expectGradient } from '../../helpers/maths/gradient';
import { convInputs } from '../../helpers/models/conv_inputs';
import { type Memory, runReference } from '../../reference/runner';

test.each([
  { C: 1, K: 1, documents: [[1]] },
  { C: 3, K: 3, documents: [[1, 1, 1, 1, 1]] },
  { C: 2, K: 4, documents: [[1, 1]] },
  {
    C: 2,
    K: 3,
    documents: [
      [1, 1, 1, 2, 2, 3, 0],
      [0, 0, 1, 1, 0, 1, 1],
    ],
  },
])('short_conv C=$C K=$K documents=$documents: central differences', ({ C, K, documents }) => {
  const memory: Memory = new Map();
  const inputs = convInputs(memory, { C, K, documents });
  const { bcx, weight } = inputs;
  for (const wrt of [[bcx], [weight], [bcx, weight]]) expectGradient((g) => shortConv(g, inputs), memory, wrt);
});

test('documents of a row are convolved as if each were alone, and padding changes none and sees none', () => {
  const [C, K] = [4, 3];
  const memory: Memory = new Map();
  const packed = convInputs(memory, { C, K, documents: [[0, 1, 1, 1, 0, 2, 2, 3, 0]] });
  const g = new Graph();
  const y = shortConv(g, packed);
  const alone = [
    [1, 3],
    [5, 2],
    [7, 1],
  ].map(([first = 0, count = 0]) => {
    const one = convInputs(memory, { C, K, documents: [Array(count).fill(1)] });
    memory.set(one.bcx, (memory.get(packed.bcx) as Float64Array).slice(3 * C * first, 3 * C * (first + count)));
    memory.set(one.weight, memory.get(packed.weight) as Float64Array);
    return { first, count, y: shortConv(g, one) };
  });
  const results = runReference(g.steps, memory);
  for (const at of [0, 4, 8])
    expect(
      results
        .get(y)
        ?.slice(C * at, C * (at + 1))
        .map(Math.abs),
    ).toEqual(new Float64Array(C));
  for (const { first, count, y: own } of alone) {
    expect(results.get(y)?.slice(C * first, C * (first + count))).toEqual(results.get(own));
  }
});

test('a frozen weight costs no dispatch', () => {
  const inputs = convInputs(new Map(), { C: 4, K: 3, documents: [[1, 1]] });
  const kernels = (...trained: readonly Value[]): string[] => {
    const g = new Graph();
    for (const value of trained) g.train(value);
    const y = shortConv(g, inputs);
    g.grad(y, transient('dy', y.shape), new Map([[inputs.weight, pinned('dweight', inputs.weight.shape)]]));
    return g.steps.map(({ kernel }) => kernel.name);
  };
  expect(kernels(inputs.bcx)).toEqual(['short_conv', 'short_conv_backward']);
  expect(kernels(inputs.weight)).toEqual(['short_conv', 'short_conv_weight_backward']);
});

test('refuses parts that are not three times as wide as the weight', () => {
  const inputs = convInputs(new Map(), { C: 4, K: 3, documents: [[1, 1]] });
  const body = () => shortConv(new Graph(), { ...inputs, bcx: pinned('bcx', [2, 8]) });
  expect(codeThrownBy(body)).toBe('invalid_argument');
});

interface Row {
  readonly situation: string;
  readonly [name: string]: string | readonly number[] | readonly number[][];
}

const rows: readonly Row[] = JSON.parse(readFileSync('test/golden/short_conv.json', 'utf8')).rows;

test.each(rows)("short_conv: values and gradients of transformers' layer for $situation", (row) => {
  const { mask, weight: kernel, bcx: numbers, dy: seed } = row as unknown as Record<string, readonly number[][]>;
  const [C = 0, K = 0] = [kernel?.[0]?.length, kernel?.length];
  const memory: Memory = new Map();
  const given = convInputs(memory, { C, K, documents: mask ?? [] });
  memory.set(given.bcx, Float64Array.from(numbers?.flat() ?? []));
  memory.set(given.weight, Float64Array.from(kernel?.flat() ?? []));
  const g = new Graph();
  g.train(given.bcx);
  g.train(given.weight);
  const y = shortConv(g, given);
  const dy = input(memory, 'dy', y.shape, Float64Array.from(seed?.flat() ?? []));
  const dweight = input(memory, 'dweight', given.weight.shape, new Float64Array(K * C));
  const dbcx = g.grad(y, dy, new Map([[given.weight, dweight]])).get(given.bcx) as Value;
  runReference(g.steps, memory);
  const made = { y, dbcx, dweight };
  for (const [name, value] of Object.entries(made)) {
    const expected = (row[name] as readonly number[][]).flat();
    // These are float64 sums of a few numbers, and torch's order may differ.
    for (const [at, number] of expected.entries()) expect(memory.get(value)?.[at], name).toBeCloseTo(number, 13);
  }
});
