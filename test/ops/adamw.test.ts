import { expect, test } from 'vitest';
import { Graph } from '../../src/graph/graph';
import { pinned } from '../../src/graph/value';
import { adamw } from '../../src/ops/adamw';
import { gradNorm } from '../../src/ops/grad_norm';
import { ADAMW_OPTIONS, adamwBlock, gradientsOf, HandAdamW } from '../helpers/hand_adamw';
import { randomArray } from '../helpers/random';
import { type Memory, runReference } from '../reference/runner';
import { floatOf, STATS } from '../reference/words';

test.each([
  { name: 'clipped and decayed', options: ADAMW_OPTIONS },
  { name: 'unclipped', options: { ...ADAMW_OPTIONS, max_grad_norm: 0 } },
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
  const stats = pinned('stats', [8], 'u32');
  const g = new Graph();
  adamw(g, { ...values, block, stats, partials: gradNorm(g, values.grads) }, options);
  const hand = new HandAdamW(randomArray(P, 1), options);
  const memory: Memory = new Map([[values.parameters, hand.parameters.slice()]]);
  for (let step = 1; step <= 10; step++) {
    memory.set(values.grads, gradientsOf(P, step));
    memory.set(block, adamwBlock(step, options, 0.01));
    runReference(g.steps, memory);
    const norm = hand.step(step, gradientsOf(P, step), 0.01);
    // The step block brings learning rate and corrections as float32.
    memory.get(values.parameters)!.forEach((p, i) => {
      expect(p).toBeCloseTo(hand.parameters[i]!, 8);
    });
    expect(floatOf(memory.get(stats)![STATS.gradNorm])).toBe(Math.fround(norm));
    expect(memory.get(stats)![STATS.step]).toBe(step);
    expect(memory.get(values.grads)).toEqual(new Float64Array(P));
  }
});

test('adamw refuses state of another length', () => {
  const of = (size: number) => pinned('value', [size]);
  const values = { parameters: of(4), m: of(4), v: of(5), grads: of(4), partials: of(1), block: of(8), stats: of(8) };
  expect(() => adamw(new Graph(), values, ADAMW_OPTIONS)).toThrow('adamw v: expected (4), got (5)');
});
