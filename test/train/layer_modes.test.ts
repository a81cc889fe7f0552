import { expect, test } from 'vitest';
import type { Overlay } from '../../src/adapters/overlay';
import { VERA_MODES, type VeraMode } from '../../src/adapters/vera/modes';
import type { VeraAdapter } from '../../src/adapters/vera/vera_adapter';
import { WebVeraError } from '../../src/core/error';
import type { Program, Runner } from '../../src/graph/runner';
import { pinned, pinnedMatrix, type Value } from '../../src/graph/value';
import type { LoadedModel } from '../../src/models/loaded_model';
import { LayerModes, modesOf } from '../../src/train/layer_modes';

const names = ['block.q', 'block.up', 'head'];
const weights = new Map(names.map((name) => [`${name}.weight`, pinned(name, [64, 64])]));
const loaded = { model: { head: 'head', tied: new Map() }, weights } as unknown as LoadedModel;
const slots = new Map(
  names.map((name, i) => [name, { in_features: 64, out_features: 64, offsetB: 80 * i, offsetD: 80 * i + 64 }]),
);
const task = { fullShape: (wanted: typeof args) => ({ B: wanted.per_device_train_batch_size, T: wanted.max_length }) };
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

test('all layers but the head get the mode that is cheapest, or the one that is asked for', () => {
  const adapter = adapterWith();
  const given = { loaded, task, overlay: overlayWith([adapter]), adapters: [adapter], args };
  const each = (mode: VeraMode) => new Map(['block.q', 'block.up'].map((name) => [name, mode]));
  expect(modesOf(given)).toEqual(each('merged'));
  // A token alone isn't worth a merge.
  const few = { ...args, max_length: 1, per_device_train_batch_size: 1 };
  const short = { fullShape: () => ({ B: 1, T: 1 }) };
  expect(modesOf({ ...given, task: short, args: few })).toEqual(new Map());
  for (const mode of VERA_MODES) expect(modesOf({ ...given, modes: mode })).toEqual(each(mode));
});

test('all is unmerged with dropout, beside another adapter, and over merged weights', () => {
  const [adapter, other, dropping] = [adapterWith(), adapterWith(), adapterWith(0.1)];
  const modules = (overlay: Overlay, adapters = [adapter]): string[] => [
    ...modesOf({ loaded, task, overlay, adapters, args, modes: 'merged' }).keys(),
  ];
  expect(modules(overlayWith([adapter, other]))).toEqual([]);
  expect(modules(overlayWith([dropping]), [dropping])).toEqual([]);
  expect(modules(overlayWith([adapter], { merged: new Set(['block.q']) }))).toEqual([]);
  const trained = new Map([['block.q.weight', pinned('trained', [64, 64])]]);
  expect(modules(overlayWith([adapter], { tensors: trained }))).toEqual(['block.up']);
});

test('a weight too large to bind is left as it is', () => {
  const adapter = adapterWith();
  const split = pinnedMatrix('block.up.weight', [128, 64], 'f32', 64 * 64 * 4);
  const partly = { ...loaded, weights: new Map([...weights, ['block.up.weight', split]]) };
  const given = { loaded: partly, task, overlay: overlayWith([adapter]), adapters: [adapter], args };
  expect([...modesOf({ ...given, modes: 'merged' }).keys()]).toEqual(['block.q']);
});

const modes = new Map<string, VeraMode>([
  ['block.q', 'dense'],
  ['block.up', 'saved'],
]);

function create(runner: Partial<Runner>): Promise<LayerModes> {
  const adapter = adapterWith();
  const grads = new Map([[adapter, pinned('grads', adapter.lambda.shape)]]);
  return LayerModes.create(runner as Runner, loaded, overlayWith([adapter]), { modes, grads });
}

test('a step merges first, and makes the gradients of what was merged last', async () => {
  const held = new Set<Value>();
  const run: string[] = [];
  const made = await create({
    allocate: async (values) => {
      for (const value of values) held.add(value);
    },
    free: (values) => {
      for (const value of values) held.delete(value);
    },
    load: async (program: Program) => ({
      program,
      flops: 0,
      ready: Promise.resolve(),
      release: () => void run.push(`release ${program.name}`),
    }),
    run: ({ program }) => {
      run.push(...program.steps.map(({ kernel }) => kernel.name));
    },
  });
  expect([...made.layers].map(([name, { mode }]) => [name, mode])).toEqual([...modes]);
  expect(held.size).toBe(2);
  made.begin();
  expect(run.splice(0)).toEqual(['vera_merge', 'clear']);
  made.finish();
  expect(run.splice(0)).toEqual(['vera_merge_backward', 'vera_lambda_reduce']);
  made.release();
  expect(run).toEqual(['release merge', 'release merge backward']);
  expect(held.size).toBe(0);
});

test('a weight whose copy is too large to bind isn’t merged', async () => {
  const made = await create({ maxBindingBytes: 4 * 64 * 64 - 1, allocate: async () => {} });
  expect([...made.layers.keys()]).toEqual(['block.up']);
});

test('where memory runs out nothing is merged, and nothing kept', async () => {
  const held = new Set<Value>();
  const runner = (code: 'out_of_memory' | 'device_lost'): Partial<Runner> => ({
    allocate: async (values) => {
      for (const value of values) held.add(value);
      throw new WebVeraError(code, 'no');
    },
    free: (values) => {
      for (const value of values) held.delete(value);
    },
  });
  const made = await create(runner('out_of_memory'));
  expect([...made.layers.keys()]).toEqual(['block.up']);
  await expect(create(runner('device_lost'))).rejects.toMatchObject({ code: 'device_lost' });
  expect(held.size).toBe(0);
});
