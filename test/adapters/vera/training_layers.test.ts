import { expect, test, vi } from 'vitest';
import type { ModeChoice } from '../../../src/adapters/layers/training_layers';
import { VeraConfig } from '../../../src/adapters/vera/config/vera_config';
import { modesOf, trainingLayers } from '../../../src/adapters/vera/layers/vera_training_layers';
import { numel } from '../../../src/core/numbers/shape';
import { Graph } from '../../../src/graph/graph';
import { pinned, type Value } from '../../../src/graph/value';
import { plainLayers } from '../../../src/models/layers';
import { input } from '../../helpers/gpu/on_gpu';
import { randomArray } from '../../helpers/maths/random';
import { unplacedVera } from '../../helpers/session/vera_placer';
import { type Memory, runReference } from '../../reference/runner';

const names = ['q', 'k', 'o'];
const adapter = unplacedVera({
  config: new VeraConfig({ r: 64 }),
  modules: names.map((name) => ({ name, in_features: 288, out_features: 288 })),
  max_in: 288,
  max_out: 288,
});
const weights = new Map(names.map((name) => [name, pinned(`${name}.weight`, [288, 288])]));
const [x, attended] = [pinned('x', [8, 288]), pinned('attended', [8, 288])];

function request(choice: ModeChoice, tokens = 256) {
  const inputs = vi.fn(
    () =>
      new Map([
        ['q', x],
        ['k', x],
        ['o', attended],
      ]),
  );
  const grads = pinned('grads', adapter.pool.shape);
  return { weights, inputs, choice, tokens, microBatches: 1, bytes: 2 ** 25, maxBindingBytes: 2 ** 27, grads };
}

/** Returns the names of the kernels that module q uses with these layers. */
function kernelsOf(layers: Pick<NonNullable<ReturnType<typeof trainingLayers>>, 'over'>): string[] {
  const g = new Graph();
  const base = plainLayers(g, {
    weight: (name) => weights.get(name)!,
    bias: () => undefined,
    parameter: (name) => weights.get(name)!,
  });
  layers.over(g, base).linear('q', x);
  return g.steps.map(({ kernel }) => kernel.name);
}

test('a layer that shares no input is treated apart from its neighbours of the same widths', () => {
  expect(modesOf(adapter, request('cheapest'))).toEqual(new Map([['o', 'merged']]));
});

test('a requested mode is used without reading the model', () => {
  const asked = request('saved');
  expect([...modesOf(adapter, asked).values()]).toEqual(['saved', 'saved', 'saved']);
  expect(asked.inputs).not.toHaveBeenCalled();
});

test('without memory for weights, merged layers are unmerged, and stored products stay', () => {
  const merged = trainingLayers(adapter, request('merged'))!;
  expect(merged.values.map(({ shape }) => shape)).toEqual([[names.length * 288 * 288]]);
  expect(kernelsOf(merged)).toEqual(['linear']);
  expect(kernelsOf(merged.withoutValues!())).toEqual(['linear', 'vera_linear']);
  const saved = trainingLayers(adapter, request('saved'))!;
  expect(saved.values).toEqual([]);
  expect(kernelsOf(saved)).toEqual(['linear', 'vera_saved', 'linear']);
  expect(kernelsOf(saved.withoutValues!())).toEqual(kernelsOf(saved));
});

test('the lengths of the rows of all merged weights are computed before a step, in one dispatch for each width', () => {
  const sizes = [
    { name: 'q', in_features: 8, out_features: 16 },
    { name: 'down', in_features: 16, out_features: 5 },
    { name: 'k', in_features: 8, out_features: 7 },
  ];
  const dvora = unplacedVera({
    config: new VeraConfig({ r: 4, use_dora: true }),
    modules: sizes,
    max_in: 16,
    max_out: 16,
  });
  const memory: Memory = new Map();
  const of = (value: Value, seed: number): Value =>
    input(memory, value.name, value.shape, randomArray(numel(value.shape), seed));
  const { A, B } = dvora.projections;
  for (const value of [A, B, dvora.pool]) memory.set(value, randomArray(numel(value.shape), 4));
  const own = new Map(
    sizes.map(({ name, in_features: K, out_features: M }, seed) => [name, of(pinned(name, [M, K]), seed)]),
  );
  const { before, values } = trainingLayers(dvora, { ...request('merged'), weights: own })!;
  expect(before.steps.map(({ kernel }) => kernel.name)).toEqual(['vera_merge', 'vera_merge', 'dora_norm', 'dora_norm']);
  for (const value of values) memory.set(value, new Float64Array(numel(value.shape)));
  runReference(before.steps, memory);
  const [merged, norm] = values.map((value) => memory.get(value)!);
  // The three weights have the shapes (16, 8), (7, 8) and (5, 16). In the buffer of merged weights, each begins at a multiple of 64; in the
  // buffer of norms, its norms begin at a multiple of 4.
  const rows = [
    { start: 0, rows: 16, K: 8, at: 0 },
    { start: 128, rows: 7, K: 8, at: 16 },
    { start: 192, rows: 5, K: 16, at: 24 },
  ];
  for (const { start, rows: M, K, at } of rows) {
    for (let m = 0; m < M; m++) {
      const row = merged!.subarray(start + m * K, start + (m + 1) * K);
      expect(norm![at + m]).toBeCloseTo(Math.hypot(...row), 10);
      expect(norm![at + m]).toBeGreaterThan(0);
    }
  }
});
