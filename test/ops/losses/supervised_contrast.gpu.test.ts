import { expect, test } from 'vitest';
import { Graph } from '../../../src/graph/graph';
import type { Value } from '../../../src/graph/value';
import { supervisedContrast } from '../../../src/ops/losses/supervised_contrast';
import { linear } from '../../../src/ops/products/linear';
import { expectGpuEqualsReference, input, runOnGpu } from '../../helpers/gpu/on_gpu';
import { blockWords } from '../../helpers/gpu/step_block';
import { random, randomArray } from '../../helpers/maths/random';
import type { Memory } from '../../reference/runner';

interface Size {
  readonly B: number;
  readonly C: number;
  readonly F: number;
  readonly classes: number;
  readonly labelled: number;
  readonly temperature: number;
}

const sizes: readonly Size[] = [
  { B: 1, C: 1, F: 1, classes: 1, labelled: 1, temperature: 1 },
  { B: 5, C: 7, F: 3, classes: 2, labelled: 3, temperature: 0.5 },
  { B: 9, C: 16, F: 5, classes: 3, labelled: 0, temperature: 0.1 },
  { B: 16, C: 384, F: 384, classes: 10, labelled: 16, temperature: 0.1 },
  // Here there are more rows, and more features, than a workgroup has threads.
  { B: 131, C: 32, F: 67, classes: 4, labelled: 130, temperature: 0.05 },
];
const cases = [false, true].flatMap((trained) => sizes.map((size) => ({ trained, ...size })));

function setUp({ B, C, F, classes, labelled }: Size) {
  const memory: Memory = new Map();
  const next = random(5);
  const rows = Float64Array.from({ length: B }, (_, i) => (i < labelled ? B - 1 - i : 0));
  const targets = Float64Array.from({ length: B }, () => Math.floor(next() * classes));
  const inverse_tokens = 1 / Math.max(1, labelled);
  return {
    memory,
    weight: input(memory, 'weight', [F, C], randomArray(F * C, 2)),
    given: {
      hidden: input(memory, 'hidden', [B, C], randomArray(B * C, 1)),
      outputs: F,
      rows: input(memory, 'rows', [B], rows, 'u32'),
      targets: input(memory, 'targets', [B], targets, 'u32'),
      weights: input(memory, 'weights', [B], randomArray(B, 3, 2).map(Math.abs)),
      block: input(memory, 'block', [8], blockWords({ labelled, inverse_tokens }), 'u32'),
      into: new Map<Value, Value>(),
    },
  };
}

test.each(cases)(
  'supervised_contrast B=$B F=$F, $classes classes, $labelled labelled, at $temperature, trained: $trained',
  async ({ trained, ...size }) => {
    const { memory, weight, given } = setUp(size);
    const g = new Graph();
    if (trained) g.train(given.hidden);
    const project = (h: Value): Value => linear(g, h, weight);
    const { losses } = supervisedContrast(g, { ...given, project, temperature: size.temperature });
    const gradients = trained ? [g.grad(losses, losses, new Map()).get(given.hidden)!] : [];
    await expectGpuEqualsReference(g, memory, [losses, ...gradients], 1e-5);
  },
);

test('features of rows are compared by direction: their lengths change no loss', async () => {
  const { memory, given } = setUp({ B: 6, C: 8, F: 8, classes: 2, labelled: 6, temperature: 0.1 });
  const run = async (): Promise<Float64Array> => {
    const g = new Graph();
    const { losses } = supervisedContrast(g, { ...given, project: (h) => h, temperature: 0.1 });
    return (await runOnGpu(g.steps, memory, [losses])).get(losses)!;
  };
  const before = await run();
  const hidden = memory.get(given.hidden)!;
  // Scaling a vector by a power of two changes no bit of its direction.
  for (const [index, value] of hidden.entries()) hidden[index] = value * (index < 8 ? 1024 : 1);
  expect(await run()).toEqual(before);
});

test('a batch in which no two rows share a class has losses and gradients of exactly 0', async () => {
  const { memory, given } = setUp({ B: 4, C: 8, F: 8, classes: 1, labelled: 4, temperature: 0.1 });
  memory.get(given.targets)!.set([0, 1, 2, 3]);
  const g = new Graph();
  g.train(given.hidden);
  const { losses } = supervisedContrast(g, { ...given, project: (h) => h, temperature: 0.1 });
  const gradient = g.grad(losses, losses, new Map()).get(given.hidden)!;
  const found = await runOnGpu(g.steps, memory, [losses, gradient]);
  expect([...found.get(losses)!]).toEqual([0, 0, 0, 0]);
  expect(found.get(gradient)!.every((value) => value === 0)).toBe(true);
});

test('features that are NaN make a loss that is NaN, by which a run notices them', async () => {
  const { memory, given } = setUp({ B: 4, C: 8, F: 8, classes: 1, labelled: 4, temperature: 0.1 });
  memory.get(given.hidden)![3] = Number.NaN;
  const g = new Graph();
  const { losses } = supervisedContrast(g, { ...given, project: (h) => h, temperature: 0.1 });
  const found = await runOnGpu(g.steps, memory, [losses]);
  expect([...found.get(losses)!].every(Number.isNaN)).toBe(true);
});
