import { describe, expect, test } from 'vitest';
import { Graph } from '../../src/graph/graph';
import { pinned } from '../../src/graph/value';
import { sample } from '../../src/ops/sample';
import { expectGpuEqualsReference, runOnGpu } from '../helpers/gpu/on_gpu';
import { random, randomArray } from '../helpers/maths/random';
import { samplingOf } from '../helpers/maths/sampling';
import { quickOf } from '../helpers/ring';
import { runReference } from '../reference/runner';

const variants = [
  { variant: 'workgroup', largest: 32_000 },
  { variant: 'serial', largest: 4096 },
];
describe.each(quickOf(variants, ({ variant }) => variant === 'serial'))('$variant', ({ variant, largest }) => {
  test.each([1, 5, 255, 256, 257, largest])('greedy over %i tokens', async (V) => {
    for (const seed of [1, 2, 3]) {
      const { g, memory, wanted } = samplingOf(randomArray(V, seed, 10), V, [{}]);
      await expectGpuEqualsReference(g, memory, wanted, 0, { variant });
    }
  });

  test.each([
    { what: 'the lowest of equals', at: [700, 300, 299], values: [2, 2, 2], token: 299 },
    { what: 'zero equals minus zero', at: [5, 600], values: [-0, 0], token: 5 },
    { what: 'negative numbers', at: [9], values: [-1e-3], token: 9 },
    { what: 'infinity', at: [4, 8], values: [1e38, Number.POSITIVE_INFINITY], token: 8 },
  ])('greedy: $what', async ({ at, values, token }) => {
    const logits = new Float64Array(1000).fill(-5);
    at.forEach((v, i) => {
      logits[v] = values[i]!;
    });
    const { g, memory, state } = samplingOf(logits, 1000, [{}]);
    expect((await runOnGpu(g.steps, memory, [state.ids], { variant })).get(state.ids)).toEqual(Float64Array.of(token));
  });

  test('logits that are all NaN still give a token of the vocabulary', async () => {
    const { g, memory, state } = samplingOf(new Float64Array(10).fill(Number.NaN), 10, [{ do_sample: true, top_k: 3 }]);
    expect((await runOnGpu(g.steps, memory, [state.ids], { variant })).get(state.ids)![0]).toBeLessThan(10);
  });

  test.each([
    { V: 5, top_k: 0 },
    { V: 5, top_k: 5 },
    { V: 5, top_k: 50 },
    { V: 300, top_k: 1 },
    { V: 300, top_k: 50 },
    { V: 4003, top_k: 7 },
    { V: 4003, top_k: 4002 },
    { V: largest, top_k: 50 },
  ])('200 draws, V=$V top_k=$top_k', async ({ V, top_k }) => {
    const fields = { do_sample: true, top_k, temperature: 0.7, position: 11, seed: [0xfffffff0, 0xffffffff] } as const;
    const { g, memory, wanted } = samplingOf(randomArray(V, 4, 3), V, [fields], V > 10_000 ? 20 : 200);
    await expectGpuEqualsReference(g, memory, wanted, 0, { variant });
  });

  test('ties at the threshold all stay, and nothing below it', async () => {
    const V = 400;
    const logits = new Float64Array(V).fill(-3);
    // 2⁻²² is the smallest difference between float32 numbers from 2 to 4.
    const tied = 2 + 2 ** -22;
    logits.set([1, tied, tied, tied, tied, 2], 390);
    logits[0] = 2.5;
    const { g, memory, state } = samplingOf(logits, V, [{ do_sample: true, top_k: 3, temperature: 50 }], 400);
    const history = (await runOnGpu(g.steps, memory, [state.history], { variant })).get(state.history)!;
    expect(new Set(history)).toEqual(new Set([0, 391, 392, 393, 394]));
  });

  test('draws follow the softmax at the temperature', async () => {
    const logits = Float64Array.of(0, 1, 2, -1, 0.5);
    const draws = 4000;
    const { g, memory, state } = samplingOf(logits, 5, [{ do_sample: true, temperature: 2 }], draws);
    const history = (await runOnGpu(g.steps, memory, [state.history], { variant })).get(state.history)!;
    const weights = logits.map((z) => Math.exp(z / 2));
    const total = weights.reduce((a, b) => a + b);
    // Chi-square with 4 degrees of freedom exceeds 18.5 for one seed in a thousand.
    const chiSquare = weights.reduce((sum, weight, token) => {
      const expected = (draws * weight) / total;
      return sum + (history.reduce((n, drawn) => n + Number(drawn === token), 0) - expected) ** 2 / expected;
    }, 0);
    expect(chiSquare).toBeLessThan(18.5);
  });

  test('the block advances by itself, and a full history drops tokens', async () => {
    const V = 6;
    const next = random(8);
    const logits = Float64Array.from({ length: 4 * V }, () => Math.fround(next()));
    const { g, memory, state } = samplingOf(logits, V, [{ position: 9, row: 3 }], 4, 3);
    const result = await runOnGpu(g.steps, memory, [state.block, state.positions, state.history], { variant });
    expect(result.get(state.block)!.subarray(0, 3)).toEqual(Float64Array.of(13, 4, 0));
    expect(result.get(state.positions)).toEqual(Float64Array.of(12));
    const argmax = (row: number) => {
      const z = logits.subarray(row * V, (row + 1) * V);
      return z.indexOf(Math.max(...z));
    };
    // The first step reads row 3, the prefill's last row. Later steps read row 0, because decoding has one row.
    expect(result.get(state.history)).toEqual(Float64Array.of(argmax(3), argmax(0), argmax(0)));
    expect(argmax(3)).not.toBe(argmax(0));
  });

  test('sequences of a batch are sampled together, each as if alone', async () => {
    const V = 2000;
    const alike = { do_sample: true, top_k: 100 };
    const logits = randomArray(V, 1);
    const rows = Float64Array.from([...logits, ...logits, ...logits, ...logits, ...logits]);
    const other = { ...alike, seed: [43, 0] } as const;
    const fields = [alike, { ...other, row: 1 }, { row: 2, position: 5 }, { ...alike, row: 3 }, { ...other, row: 4 }];
    const { g, memory, state, wanted } = samplingOf(rows, V, fields, 8);
    await expectGpuEqualsReference(g, memory, wanted, 0, { variant });
    const history = runReference(g.steps, memory).get(state.history)!;
    const [first, second, , fourth, fifth] = fields.map((_, b) => history.subarray(8 * b, 8 * b + 8));
    expect(first).not.toEqual(second);
    expect([fourth, fifth]).toEqual([first, second]);
  });
});

test('sample refuses state of another batch', () => {
  const of = (size: number) => pinned('value', [size], 'u32');
  const state = { ids: of(2), positions: of(2), history: of(10), block: of(10), seen: of(2) };
  expect(() => sample(new Graph(), pinned('logits', [2, 9]), state)).toThrow('sample block: expected (20), got (10)');
});
