import { describe, expect, test } from 'vitest';
import { philox4x32 } from '../../src/core/numbers/philox';
import { Graph } from '../../src/graph/graph';
import { pinned } from '../../src/graph/value';
import { add } from '../../src/ops/add';
import { type DropoutOptions, dropout } from '../../src/ops/dropout';
import { input } from '../helpers/gpu/on_gpu';
import { blockWords } from '../helpers/gpu/step_block';
import { expectGradient } from '../helpers/maths/gradient';
import { randomArray } from '../helpers/maths/random';
import { type Memory, runReference } from '../reference/runner';

const block = pinned('block', [8], 'u32');

interface Drawn extends Partial<Omit<DropoutOptions, 'block'>> {
  readonly step?: number;
  readonly micro_step?: number;
}

/** Applies dropout to a vector of ones. Each element becomes 0 or 1 / (1 − p). */
function drop(size: number, { step = 1, micro_step = 0, ...options }: Drawn = {}): Float64Array {
  const memory: Memory = new Map([[block, blockWords({ step, micro_step })]]);
  const ones = input(memory, 'ones', [size], new Float64Array(size).fill(1));
  const g = new Graph();
  const y = dropout(g, ones, { p: 0.3, seed: 7, module: 0, block, ...options });
  return runReference(g.steps, memory).get(y)!;
}

const sum = (numbers: Float64Array) => numbers.reduce((total, v) => total + v, 0);
const keptIn = (y: Float64Array) => y.reduce((count, v) => count + Number(v !== 0), 0);

/**
 * Expects `count`, the number of hits in `n` independent draws of probability q, to be within 5 standard deviations of
 * its mean. By chance, this fails less than once in 10⁶ times.
 */
function expectCount(count: number, n: number, q: number): void {
  expect(Math.abs(count - n * q)).toBeLessThan(5 * Math.sqrt(n * q * (1 - q)));
}

describe('central differences', () => {
  test.each([0.1, 0.5, 0.9, 1])('p = %d', (p) => {
    const memory: Memory = new Map([[block, blockWords({ step: 3, micro_step: 1 })]]);
    const x = input(memory, 'x', [3, 5], randomArray(15, 1));
    const options = { p, seed: 7, module: 2, block };
    expectGradient((g) => dropout(g, x, options), memory, [x]);
    // The addition uses x too, and its gradient of x is computed before dropout's.
    expectGradient((g) => add(g, dropout(g, x, options), x), memory, [x]);
  });

  test('the backward pass draws the mask of the forward pass again, and nothing of it is stored', () => {
    const memory: Memory = new Map([[block, blockWords({})]]);
    const x = input(memory, 'x', [123], new Float64Array(123).fill(1));
    const dy = input(memory, 'dy', [123], new Float64Array(123).fill(1));
    const g = new Graph();
    g.train(x);
    const y = dropout(g, x, { p: 0.3, seed: 7, module: 0, block });
    const dx = g.grad(y, dy, new Map()).get(x)!;
    runReference(g.steps, memory);
    expect(memory.get(dx)).toEqual(memory.get(y));
    expect(g.steps.map(({ kernel }) => kernel.name)).toEqual(['dropout', 'dropout']);
    expect(g.steps.flatMap(({ values }) => Object.values(values).filter((v) => v === y))).toHaveLength(1);
  });
});

test('an element is kept when its word reaches p · 2³²', () => {
  const p = 0.3;
  const y = drop(10, { p, seed: 2 ** 33 + 5, module: 9, step: 11, micro_step: 2 });
  // The fourth word of a counter is its stream: 4 plus the micro-step for dropout; lower streams have other uses.
  const words = [0, 1, 2].flatMap((four) => philox4x32([four, 9, 11, 4 + 2], [5, 2]));
  expect([...y]).toEqual(words.slice(0, 10).map((word) => (word >= Math.floor(p * 2 ** 32) ? 1 / (1 - p) : 0)));
});

describe('statistics', () => {
  test.each([0.05, 0.3, 0.5, 0.95])('a share of 1 − p = 1 − %d is kept', (p) => {
    const n = 100_000;
    expectCount(keptIn(drop(n, { p })), n, 1 - p);
  });

  test('every element keeps its expectation over many masks', () => {
    const [size, masks, p] = [63, 4000, 0.3];
    const totals = new Float64Array(size);
    for (let step = 1; step <= masks; step++) {
      drop(size, { p, step }).forEach((v, i) => {
        totals[i]! += v;
      });
    }
    // y is 1 / (1 − p) with probability 1 − p: its variance is p / (1 − p).
    const deviation = Math.sqrt(p / (1 - p));
    for (const total of totals) expect(Math.abs(total / masks - 1)).toBeLessThan((5 * deviation) / Math.sqrt(masks));
    const mean = sum(totals) / (masks * size);
    expect(Math.abs(mean - 1)).toBeLessThan((5 * deviation) / Math.sqrt(masks * size));
  });

  test.each<[string, Drawn]>([
    ['module', { module: 1 }],
    ['step', { step: 2 }],
    ['micro-step', { micro_step: 1 }],
    ['seed', { seed: 8 }],
    ["seed's upper word", { seed: 7 + 2 ** 32 }],
  ])('another %s gives an independent mask', (_what, changes) => {
    const n = 100_000;
    const one = drop(n, { p: 0.5 });
    const other = drop(n, { p: 0.5, ...changes });
    expectCount(keptIn(one.map((v, i) => v * other[i]!)), n, 0.25);
  });

  test('neighbours are independent', () => {
    const n = 100_000;
    const y = drop(n, { p: 0.5 });
    for (const distance of [1, 2, 3, 4]) {
      const both = y.slice(distance).map((v, i) => v * y[i]!);
      expectCount(keptIn(both), both.length, 0.25);
    }
  });

  test('equal arguments give the same mask', () => {
    expect(drop(1000)).toEqual(drop(1000));
  });
});

test('p = 0 is x itself, without a dispatch', () => {
  const g = new Graph();
  const x = pinned('x', [5]);
  expect(dropout(g, x, { p: 0, seed: 7, module: 0, block })).toBe(x);
  expect(g.steps).toHaveLength(0);
});

test('p next to 0 drops nothing of a thousand', () => {
  expect(keptIn(drop(1000, { p: 1e-12 }))).toBe(1000);
});

test.each<[string, Partial<DropoutOptions>, string]>([
  ['a negative p', { p: -0.1 }, 'probability from 0 to 1, got -0.1'],
  ['a p above 1', { p: 1.5 }, 'probability from 0 to 1, got 1.5'],
  ['a p that is no number', { p: Number.NaN }, 'probability from 0 to 1, got NaN'],
  ['half a seed', { seed: 0.5 }, 'expected a safe integer, got 0.5'],
  ['another block', { block: pinned('block', [4], 'u32') }, 'dropout block: expected (8), got (4)'],
])('dropout refuses %s', (_what, changes, message) => {
  const g = new Graph();
  expect(() => dropout(g, pinned('x', [5]), { p: 0.5, seed: 7, module: 0, block, ...changes })).toThrow(message);
  expect(g.steps).toHaveLength(0);
});
