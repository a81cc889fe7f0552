import { expect, test } from 'vitest';
import { philox4x32 } from '../../src/core/numbers/philox';
import { DROPOUT_STREAMS } from '../../src/core/numbers/rng';
import { Graph } from '../../src/graph/graph';
import { dropout } from '../../src/ops/dropout';
import { expectGpuEqualsReference, input, runOnGpu } from '../helpers/gpu/on_gpu';
import { blockWords } from '../helpers/gpu/step_block';
import { integerArray, randomArray } from '../helpers/maths/random';
import { type Memory, runReference } from '../reference/runner';

interface Case {
  readonly size: number;
  readonly p: number;
  readonly seed?: number;
  readonly module?: number;
  readonly step?: number;
  readonly micro_step?: number;
}

/** Builds the forward and backward pass over x, with or without an earlier gradient of x. */
function passes(
  memory: Memory,
  { size, p, seed = 7, module = 0, ...fields }: Case,
  x: Float64Array,
  dy: Float64Array,
  earlier: boolean,
) {
  const g = new Graph();
  const block = input(memory, 'block', [8], blockWords(fields), 'u32');
  const of = input(memory, 'x', [size], x);
  g.train(of);
  const y = dropout(g, of, { p, seed, module, block });
  const sums = earlier ? [[of, input(memory, 'earlier', [size], integerArray(size, 3))] as const] : [];
  const dx = g.grad(y, input(memory, 'dy', [size], dy), new Map(sums)).get(of)!;
  return { g, y, dx };
}

test.each<Case>([
  { size: 1, p: 0.5 },
  { size: 5, p: 0.5, seed: -3, module: 6 },
  { size: 123, p: 0.75, step: 1000, micro_step: 3 },
  { size: 64 * 576, p: 0.5, seed: Number.MAX_SAFE_INTEGER, module: 0xffffffff, step: 0xffffffff },
])('dropout of $size elements, p = $p: exact where 1 / (1 − p) is', async (sizes) => {
  const memory: Memory = new Map();
  const { g, y, dx } = passes(memory, sizes, integerArray(sizes.size, 1), integerArray(sizes.size, 2), true);
  await expectGpuEqualsReference(g, memory, [y, dx], 0);
});

test.each([0.05, 0.3, 0.999])('64×576, p = %d: the very mask of the reference, in both passes', async (p) => {
  const size = 64 * 576;
  const memory: Memory = new Map();
  const ones = new Float64Array(size).fill(1);
  const { g, y, dx } = passes(memory, { size, p, step: 5 }, ones, ones, false);
  const gpu = await runOnGpu(g.steps, memory, [y, dx]);
  const expected = runReference(g.steps, memory).get(y)!;
  expect(new Set(expected).size).toBe(2);
  expect(gpu.get(y)).toEqual(expected.map(Math.fround));
  expect(gpu.get(dx)).toEqual(gpu.get(y));
});

test('64×576, p = 0.1: random numbers', async () => {
  const size = 64 * 576;
  const memory: Memory = new Map();
  const { g, y, dx } = passes(memory, { size, p: 0.1 }, randomArray(size, 1), randomArray(size, 2), true);
  // The scale, the product and the sum are each rounded once.
  await expectGpuEqualsReference(g, memory, [y, dx], 2e-7);
});

test('p = 1 gives zeros, whatever x holds', async () => {
  const odd = Float64Array.of(1, Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, 3e38);
  const memory: Memory = new Map();
  const { g, y, dx } = passes(memory, { size: 5, p: 1 }, odd, odd, false);
  const gpu = await runOnGpu(g.steps, memory, [y, dx]);
  expect(gpu.get(y)).toEqual(new Float64Array(5));
  expect(gpu.get(dx)).toEqual(new Float64Array(5));
});

test('the word of an element is kept when it is p · 2³², and dropped when it is below', async () => {
  const [word] = philox4x32([0, 0, 1, DROPOUT_STREAMS], [7, 0]);
  for (const [above, least] of [word, word + 1].entries()) {
    const memory: Memory = new Map();
    const { g, y } = passes(memory, { size: 1, p: least / 2 ** 32 }, Float64Array.of(1), Float64Array.of(1), false);
    expect((await runOnGpu(g.steps, memory, [y])).get(y)![0] !== 0).toBe(above === 0);
  }
});

test('a run draws by the fields of its step block', async () => {
  const masks: string[] = [];
  for (const fields of [{ step: 1 }, { step: 2 }, { step: 1, micro_step: 1 }, { step: 1 }]) {
    const memory: Memory = new Map();
    const ones = new Float64Array(1000).fill(1);
    const { g, y } = passes(memory, { size: 1000, p: 0.5, ...fields }, ones, ones, false);
    masks.push(String((await runOnGpu(g.steps, memory, [y])).get(y)));
  }
  expect(new Set(masks).size).toBe(3);
  expect(masks[3]).toBe(masks[0]);
});
