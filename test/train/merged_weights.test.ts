import { expect, test } from 'vitest';
import type { Overlay } from '../../src/adapters/overlay';
import type { VeraAdapter } from '../../src/adapters/vera_adapter';
import { WebVeraError } from '../../src/core/error';
import type { Runner } from '../../src/graph/runner';
import { pinned, type Value } from '../../src/graph/value';
import type { LoadedModel } from '../../src/models/loaded_model';
import { MergedWeights, modulesMerged } from '../../src/train/merged_weights';

const names = ['block.q', 'block.up', 'head'];
const weights = new Map(names.map((name) => [`${name}.weight`, pinned(name, [64, 64])]));
const loaded = { model: { head: 'head', maxLength: 4096, tied: new Map() }, weights } as unknown as LoadedModel;
const slots = new Map(
  names.map((name, i) => [name, { in_features: 64, out_features: 64, offsetB: 80 * i, offsetD: 80 * i + 64 }]),
);
const args = { max_length: 256, per_device_train_batch_size: 2, gradient_accumulation_steps: 1 };

function adapterWith(vera_dropout = 0): VeraAdapter {
  const projections = { A: pinned('A', [16, 64]), B: pinned('B', [64, 16]) };
  const lambda = pinned('lambda', [240]);
  return { config: { vera_dropout }, layout: { slots, r: 16 }, projections, lambda } as unknown as VeraAdapter;
}

const overlayWith = (adapters: readonly VeraAdapter[], changes: Partial<Overlay> = {}): Overlay => ({
  key: 'a',
  adapters,
  tensors: new Map(),
  merged: new Set(),
  ...changes,
});

test('all layers but the head are merged where that is cheaper', () => {
  const adapter = adapterWith();
  const given = { loaded, overlay: overlayWith([adapter]), adapters: [adapter], args };
  expect(modulesMerged(given)).toEqual(['block.q', 'block.up']);
  expect(modulesMerged({ ...given, merge: 'none' })).toEqual([]);
  // A token alone isn't worth a merge, unless it is asked for.
  const few = { ...args, max_length: 1, per_device_train_batch_size: 1 };
  const short = { ...loaded, model: { ...loaded.model, maxLength: 1 } } as LoadedModel;
  expect(modulesMerged({ ...given, loaded: short, args: few })).toEqual([]);
  expect(modulesMerged({ ...given, loaded: short, args: few, merge: 'all' })).toEqual(['block.q', 'block.up']);
});

test('nothing is merged with dropout, beside another adapter, or over merged weights', () => {
  const [adapter, other, dropping] = [adapterWith(), adapterWith(), adapterWith(0.1)];
  const modules = (overlay: Overlay, adapters = [adapter]): readonly string[] =>
    modulesMerged({ loaded, overlay, adapters, args, merge: 'all' });
  expect(modules(overlayWith([adapter, other]))).toEqual([]);
  expect(modules(overlayWith([dropping]), [dropping])).toEqual([]);
  expect(modules(overlayWith([adapter], { merged: new Set(['block.q']) }))).toEqual([]);
  const trained = new Map([['block.q.weight', pinned('trained', [64, 64])]]);
  expect(modules(overlayWith([adapter], { tensors: trained }))).toEqual(['block.up']);
});

test('where memory runs out nothing is merged, and nothing kept', async () => {
  const held = new Set<Value>();
  const runner = (code: 'out_of_memory' | 'device_lost') =>
    ({
      allocate: async (values: Iterable<Value>) => {
        for (const value of values) held.add(value);
        throw new WebVeraError(code, 'no');
      },
      free: (values: Iterable<Value>) => {
        for (const value of values) held.delete(value);
      },
    }) as unknown as Runner;
  const overlay = overlayWith([adapterWith()]);
  const create = (code: 'out_of_memory' | 'device_lost') =>
    MergedWeights.create(runner(code), loaded, overlay, ['block.q']);
  expect(await create('out_of_memory')).toBeUndefined();
  await expect(create('device_lost')).rejects.toMatchObject({ code: 'device_lost' });
  expect(held.size).toBe(0);
});
