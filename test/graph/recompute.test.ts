import { expect, test } from 'vitest';
import { numel } from '../../src/core/numbers/shape';
import { Graph } from '../../src/graph/graph';
import { planMemory } from '../../src/graph/plan';
import { recompute, type Segment } from '../../src/graph/recompute';
import type { Step } from '../../src/graph/step';
import { pinned, type Value } from '../../src/graph/value';
import { swiglu } from '../../src/ops/activations/swiglu';
import { add } from '../../src/ops/add';
import { attention } from '../../src/ops/attention/attention';
import { doraNorm } from '../../src/ops/dora/dora_norm';
import { doraScale } from '../../src/ops/dora/dora_scale';
import { mul } from '../../src/ops/mul';
import { rmsNorm } from '../../src/ops/norms/rms_norm';
import { linear } from '../../src/ops/products/linear';
import { randomArray } from '../helpers/maths/random';
import { type Memory, runReference } from '../reference/runner';

const [N, C, F, LAYERS] = [6, 8, 20, 8];

interface Program {
  readonly steps: readonly Step[];
  readonly forward: number;
  readonly segments: readonly Segment[];
  readonly memory: Memory;
  readonly y: Value;
  readonly dx: Value;
}

/** Returns an empty memory, and a function that adds a value with random elements to it. */
function inputs() {
  const memory: Memory = new Map();
  const input = (name: string, shape: readonly number[], seed: number): Value => {
    const value = pinned(name, shape);
    memory.set(value, randomArray(numel(shape), seed));
    return value;
  };
  return { memory, input };
}

/** Builds blocks (a norm, a gated layer and a residual sum each), and the backward pass to the gradient of the first block's input. */
function residualBlocks(): Program {
  const { memory, input } = inputs();
  const g = new Graph();
  const x0 = g.train(input('x', [N, C], 1));
  let x = x0;
  const starts: number[] = [];
  for (let layer = 0; layer < LAYERS; layer++) {
    starts.push(g.steps.length);
    const h = rmsNorm(g, x, input('norm', [C], 10 * layer + 2), 1e-5);
    const gate = linear(g, h, input('gate', [F, C], 10 * layer + 3));
    const up = linear(g, h, input('up', [F, C], 10 * layer + 4));
    x = add(g, x, linear(g, swiglu(g, gate, up), input('down', [C, F], 10 * layer + 5)));
  }
  const forward = g.steps.length;
  const dy = input('dy', [N, C], 99);
  const sum = pinned('sum', [N, C]);
  memory.set(sum, new Float64Array(N * C));
  const dx = g.grad(x, dy, new Map([[x0, sum]])).get(x0) as Value;
  const segments = starts.map((start, index) => ({ start, end: starts[index + 1] ?? forward }));
  return { steps: g.steps, forward, segments, memory, y: x, dx };
}

const partsOf = ({ parts = [] }: Value): Value[] => parts.map(({ value }) => value);

const transientBytes = (steps: readonly Step[]): number =>
  planMemory(steps).slotBytes.reduce((sum, bytes) => sum + bytes, 0);

test('results keep their bits, for less memory and more steps', () => {
  const { steps, forward, segments, memory, y, dx } = residualBlocks();
  const again = recompute(steps, forward, segments);
  const run = (program: readonly Step[]): Memory => runReference(program, new Map(memory));
  const [plain, checkpointed] = [run(steps), run(again)];
  expect(checkpointed.get(y)).toEqual(plain.get(y));
  expect(checkpointed.get(dx)).toEqual(plain.get(dx));
  expect(checkpointed.get(dx)?.some((value) => value !== 0)).toBe(true);
  expect(transientBytes(again)).toBeLessThan(0.5 * transientBytes(steps));
  // Each block recomputes two steps: the norm (for its reciprocal standard deviation and output), and gate and up together.
  const repeated = again.length - steps.length;
  expect(repeated).toBe(2 * LAYERS);
});

test('the forward pass is left as it was, and nothing is read before it is made', () => {
  const { steps, forward, segments, memory } = residualBlocks();
  const again = recompute(steps, forward, segments);
  expect(again.slice(0, forward)).toEqual(steps.slice(0, forward));
  const known = new Set<Value>(memory.keys());
  for (const { kernel, values } of again) {
    for (const [name, access] of Object.entries(kernel.bindings)) {
      const value = values[name] as Value;
      if (access === 'write') for (const one of [value, ...partsOf(value)]) known.add(one);
      else expect(value.pinned || known.has(value), `${kernel.name}: ${value.name}`).toBe(true);
    }
  }
});

test('a joined value is copied with the parts that are computed again', () => {
  const T = 8;
  const memory: Memory = new Map();
  const input = (name: string, numbers: Float64Array, shape = [T, 8]): Value => {
    const value = pinned(name, shape);
    memory.set(value, numbers);
    return value;
  };
  const g = new Graph();
  const x = g.train(input('x', randomArray(T * 8, 1)));
  const spans = input(
    'spans',
    Float64Array.from({ length: 2 * T }, (_, index) => (index % 2) * T),
    [1, T, 2],
  );
  const scaled = (seed: number): Value => mul(g, x, input(`scale ${seed}`, randomArray(T * 8, seed)));
  const y = attention(g, { q: scaled(2), k: scaled(3), v: scaled(4), spans, B: 1, T, H: 1, Hkv: 1, D: 8 });
  const forward = g.steps.length;
  const dx = g.grad(y, input('dy', randomArray(T * 8, 5)), new Map()).get(x) as Value;
  const again = recompute(g.steps, forward, [{ start: 0, end: forward }]);
  const [saved, ...others] = new Set(again.flatMap(({ values }) => values.saved ?? []));
  expect(others).toEqual([]);
  expect(partsOf(saved as Value)).not.toContain(y);
  expect(again.filter(({ kernel }) => kernel.name === 'attention')).toHaveLength(2);
  expect(runReference(again, new Map(memory)).get(dx)).toEqual(runReference(g.steps, new Map(memory)).get(dx));
});

test('without segments nothing changes', () => {
  const { steps, forward } = residualBlocks();
  expect(recompute(steps, forward, [])).toEqual(steps);
});

test('a segment that changes a pinned value in place isn’t run twice', () => {
  const { steps, forward, segments } = residualBlocks();
  const [first] = segments;
  const counter = pinned('counter', [F]);
  const inPlace = steps.map((step, index) => {
    if (index !== 1) return step;
    const bindings = { ...step.kernel.bindings, counter: 'update' as const };
    return { ...step, kernel: { ...step.kernel, bindings }, values: { ...step.values, counter } };
  });
  expect(recompute(inPlace, forward, first === undefined ? [] : [first])).toEqual(inPlace);
});

test('what a segment changes in place is held, and the rest is computed again', () => {
  const { memory, input } = inputs();
  const g = new Graph();
  const x0 = g.train(input('x', [N, C], 1));
  const starts: number[] = [];
  let x = x0;
  for (let layer = 0; layer < LAYERS; layer++) {
    starts.push(g.steps.length);
    const weight = input('weight', [C, C], 10 * layer + 2);
    const norm = doraNorm(g, weight); // it updates its result, which shards share
    const magnitude = { pool: input('m', [C], 10 * layer + 3), offset: 0 };
    const h = rmsNorm(g, x, input('norm', [C], 10 * layer + 4), 1e-5);
    x = add(g, x, swiglu(g, h, doraScale(g, linear(g, h, weight), { magnitude, norm })));
  }
  const forward = g.steps.length;
  const sum = pinned('sum', [N, C]);
  memory.set(sum, new Float64Array(N * C));
  const dx = g.grad(x, input('dy', [N, C], 99), new Map([[x0, sum]])).get(x0) as Value;
  const segments = starts.map((start, index) => ({ start, end: starts[index + 1] ?? forward }));
  const again = recompute(g.steps, forward, segments);
  const norms = (steps: readonly Step[]) => steps.filter(({ kernel }) => kernel.name === 'dora_norm');
  expect(norms(again)).toHaveLength(LAYERS);
  expect(again.length).toBeGreaterThan(g.steps.length + LAYERS);
  expect(transientBytes(again)).toBeLessThan(0.6 * transientBytes(g.steps));
  expect(runReference(again, new Map(memory)).get(dx)).toEqual(runReference(g.steps, new Map(memory)).get(dx));
});
