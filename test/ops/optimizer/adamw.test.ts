import { expect, test } from 'vitest';
import { Graph } from '../../../src/graph/graph';
import { pinned } from '../../../src/graph/value';
import { adamw, gradNorm } from '../../../src/ops/optimizer/adamw';
import { ADAMW_OPTIONS, adamwBlock, gradientsOf, HandAdamW } from '../../helpers/maths/hand_adamw';
import { randomArray } from '../../helpers/maths/random';
import { floatOf, STATS } from '../../reference/rows/words';
import { type Memory, runReference } from '../../reference/runner';

/** The third element of five has no part. */
const PARTS = [
  { first: 0, end: 2, rate: 1 },
  { first: 3, end: 5, rate: 0.25 },
];

test.each([
  { name: 'clipped and decayed', options: ADAMW_OPTIONS },
  { name: 'unclipped', options: { ...ADAMW_OPTIONS, max_grad_norm: 0 } },
  { name: 'parts at rates of their own', options: { ...ADAMW_OPTIONS, parts: PARTS } },
  { name: 'undecayed, other betas', options: { ...ADAMW_OPTIONS, weight_decay: 0, beta1: 0.8, beta2: 0.95 } },
])('ten steps of the references follow AdamW by hand: $name', ({ options }) => {
  const P = 5;
  const values = {
    parameters: pinned('parameters', [P]),
    m: pinned('m', [P]),
    v: pinned('v', [P]),
    grads: pinned('grads', [P]),
  };
  const block = pinned('block', [8], 'u32');
  const stats = pinned('stats', [12], 'u32');
  const g = new Graph();
  adamw(g, { ...values, block, stats, partials: gradNorm(g, [values.grads]) }, options);
  const hand = new HandAdamW(randomArray(P, 1), options);
  const memory: Memory = new Map([[values.parameters, hand.parameters.slice()]]);
  for (let step = 1; step <= 10; step++) {
    memory.set(values.grads, gradientsOf(P, step));
    memory.set(block, adamwBlock(step, options, 0.01));
    runReference(g.steps, memory);
    const norm = hand.step(step, gradientsOf(P, step), 0.01);
    // The step block contains the learning rate and the bias corrections in float32, which limits the accuracy.
    memory.get(values.parameters)!.forEach((p, i) => {
      expect(p).toBeCloseTo(hand.parameters[i]!, 8);
    });
    expect(floatOf(memory.get(stats)![STATS.gradNorm])).toBe(Math.fround(norm));
    expect(memory.get(stats)![STATS.step]).toBe(step);
    expect(memory.get(values.grads)?.filter((_, i) => i !== 2)).toEqual(new Float64Array(P - 1));
  }
});

test('two pools step as one that joins them', () => {
  const pool = (name: string, size: number) => ({
    parameters: pinned(`${name} parameters`, [size]),
    m: pinned(`${name} m`, [size]),
    v: pinned(`${name} v`, [size]),
    grads: pinned(`${name} grads`, [size]),
  });
  const [first, second] = [pool('first', 3), pool('second', 130)];
  const block = pinned('block', [8], 'u32');
  const stats = pinned('stats', [12], 'u32');
  const g = new Graph();
  const partials = gradNorm(g, [first.grads, second.grads]);
  for (const values of [first, second]) adamw(g, { ...values, block, stats, partials }, ADAMW_OPTIONS);
  expect(g.steps.map(({ kernel }) => kernel.name)).toEqual(['grad_norm', 'grad_norm', 'adamw', 'adamw']);
  const hand = new HandAdamW(randomArray(133, 1), ADAMW_OPTIONS);
  const memory: Memory = new Map([
    [first.parameters, hand.parameters.slice(0, 3)],
    [second.parameters, hand.parameters.slice(3)],
  ]);
  for (let step = 1; step <= 4; step++) {
    const gradients = gradientsOf(133, step);
    memory.set(first.grads, gradients.slice(0, 3));
    memory.set(second.grads, gradients.slice(3));
    memory.set(block, adamwBlock(step, ADAMW_OPTIONS, 0.01));
    runReference(g.steps, memory);
    const norm = hand.step(step, gradients, 0.01);
    const parameters = [first, second].flatMap((values) => [...memory.get(values.parameters)!]);
    parameters.forEach((p, i) => {
      expect(p).toBeCloseTo(hand.parameters[i]!, 8);
    });
    expect(floatOf(memory.get(stats)![STATS.gradNorm])).toBeCloseTo(norm, 6);
    expect(memory.get(stats)!.subarray(STATS.nonfinite, STATS.step + 1)).toEqual(Float64Array.of(0, step));
  }
});

test('one pool is one dispatch, and none is refused', () => {
  const g = new Graph();
  const partials = gradNorm(g, [pinned('grads', [100])]);
  expect(g.steps).toHaveLength(1);
  expect(partials.shape).toEqual([2]);
  expect(() => gradNorm(g, [])).toThrow('at least one pool');
});

test('adamw refuses state of another length', () => {
  const of = (size: number) => pinned('value', [size]);
  const values = { parameters: of(4), m: of(4), v: of(5), grads: of(4), partials: of(1), block: of(8), stats: of(8) };
  expect(() => adamw(new Graph(), values, ADAMW_OPTIONS)).toThrow('adamw v: expected (4), got (5)');
});
