import { expect, test, vi } from 'vitest';
import type { ModeChoice } from '../../../src/adapters/training_layers';
import { VeraConfig } from '../../../src/adapters/vera/config';
import { layoutVectors } from '../../../src/adapters/vera/parameters';
import { modesOf, trainingLayers } from '../../../src/adapters/vera/training_layers';
import { VeraOnModel } from '../../../src/adapters/vera/vera_on_model';
import { Graph } from '../../../src/graph/graph';
import { pinned } from '../../../src/graph/value';
import { plainLayers } from '../../../src/models/layers';

const names = ['q', 'k', 'o'];
const layout = layoutVectors(
  names.map((name) => ({ name, in_features: 288, out_features: 288 })),
  64,
);
const adapter = new VeraOnModel({
  name: 'a',
  key: 'a',
  config: new VeraConfig({ r: 64 }),
  trainable: true,
  origin: undefined,
  pool: pinned('pool', [layout.length]),
  layout,
  projections: { A: pinned('A', [64, 288]), B: pinned('B', [288, 64]), dtype: 'float32' },
  trained: [],
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

/** The kernels of q with these layers. */
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

test('a layer that shares no input is another matter than its neighbours of the same widths', () => {
  expect(modesOf(adapter, request('cheapest'))).toEqual(new Map([['o', 'merged']]));
});

test('a mode that is asked for needs no look at the model', () => {
  const asked = request('saved');
  expect([...modesOf(adapter, asked).values()]).toEqual(['saved', 'saved', 'saved']);
  expect(asked.inputs).not.toHaveBeenCalled();
});

test('where there is no memory for weights, merged layers are unmerged; what is kept in a pass is kept', () => {
  const merged = trainingLayers(adapter, request('merged'))!;
  expect(merged.values.map(({ shape }) => shape)).toEqual(names.map(() => [288, 288]));
  expect(kernelsOf(merged)).toEqual(['linear']);
  expect(kernelsOf(merged.withoutValues())).toEqual(['linear', 'vera_linear']);
  const saved = trainingLayers(adapter, request('saved'))!;
  expect(saved.values).toEqual([]);
  expect(kernelsOf(saved)).toEqual(['linear', 'vera_saved', 'linear']);
  expect(kernelsOf(saved.withoutValues())).toEqual(kernelsOf(saved));
});
