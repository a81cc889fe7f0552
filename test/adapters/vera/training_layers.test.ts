import { expect, test, vi } from 'vitest';
import type { ModeChoice } from '../../../src/adapters/layers/training_layers';
import { VeraConfig } from '../../../src/adapters/vera/config/vera_config';
import { modesOf, trainingLayers } from '../../../src/adapters/vera/layers/vera_training_layers';
import { Graph } from '../../../src/graph/graph';
import { pinned } from '../../../src/graph/value';
import { plainLayers } from '../../../src/models/layers';
import { unplacedVera } from '../../helpers/session/vera_placer';

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

/** The kernels that module q uses with these layers. */
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
