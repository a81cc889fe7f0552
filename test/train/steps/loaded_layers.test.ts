import { expect, test, vi } from 'vitest';
import type { Overlay } from '../../../src/adapters/layers/overlay';
import { LAYER_MODES, type LayerMode } from '../../../src/adapters/layers/training_layers';
import { VeraConfig } from '../../../src/adapters/vera/config/vera_config';
import { veraKind } from '../../../src/adapters/vera/kind';
import { modesOf } from '../../../src/adapters/vera/layers/vera_training_layers';
import type { VeraAdapter } from '../../../src/adapters/vera/vera_adapter';
import { WebVeraError } from '../../../src/core/errors/error';
import type { Program, Runner } from '../../../src/graph/runner';
import { pinned, pinnedMatrix, type Value } from '../../../src/graph/value';
import type { Architecture } from '../../../src/models/architecture';
import { languageHead } from '../../../src/models/heads';
import type { LoadedModel } from '../../../src/models/loaded_model';
import { LoadedLayers, layersOfRun } from '../../../src/train/steps/loaded_layers';
import { unplacedVera } from '../../helpers/session/vera_placer';

const names = ['block.q', 'block.up', 'head'];
const weights = new Map(names.map((name) => [`${name}.weight`, pinned(name, [64, 64])]));
const model: Partial<Architecture> = {
  head: { ...languageHead({ className: '', C: 64, V: 64 }), modules: [{ name: 'head', type: 'Linear' }] },
  tied: new Map(),
  hidden: (_, layers) => layers.linears(['block.q', 'block.up'], pinned('x', [1, 64]))[1],
};
const loaded = { model, weights, constants: new Map() } as unknown as LoadedModel;
const task = { fullShape: (wanted: typeof args) => ({ B: wanted.per_device_train_batch_size, T: wanted.max_length }) };
const args = { max_length: 256, per_device_train_batch_size: 2, gradient_accumulation_steps: 1 };

function adapterWith(vera_dropout = 0): VeraAdapter {
  const modules = names.map((name) => ({ name, in_features: 64, out_features: 64 }));
  return unplacedVera({ config: new VeraConfig({ r: 16, vera_dropout }), modules, max_in: 64, max_out: 64 });
}

const overlayWith = (adapters: readonly VeraAdapter[], changes: Partial<Overlay> = {}): Overlay => ({
  key: 'a',
  adapters,
  tensors: new Map(),
  mergedModules: new Set(),
  ...changes,
});

const gradsOf = (adapter: VeraAdapter) => new Map([[adapter, pinned('grads', adapter.pool.shape)]]);

type Given = Omit<Parameters<typeof layersOfRun>[0], 'grads' | 'maxBindingBytes'>;

/** Returns the mode (the way to compute the layer) that `layersOfRun` selects for each module. Empty if it returns no layers. */
function modesIn(given: Given): ReadonlyMap<string, LayerMode> {
  const asked = vi.spyOn(veraKind, 'trainingLayers');
  try {
    const [adapter] = given.adapters as readonly VeraAdapter[];
    const layers = layersOfRun({ ...given, grads: gradsOf(adapter!), maxBindingBytes: 2 ** 27 });
    return layers === undefined ? new Map() : modesOf(adapter!, asked.mock.lastCall![1]);
  } finally {
    asked.mockRestore();
  }
}

test('all layers but the head get the cheapest mode, or the requested one', () => {
  const adapter = adapterWith();
  const given = { loaded, task, overlay: overlayWith([adapter]), adapters: [adapter], args };
  const each = (mode: LayerMode) => new Map(['block.q', 'block.up'].map((name) => [name, mode]));
  expect(modesIn(given)).toEqual(each('merged'));
  // For a single token, merging the adapter into the weights costs more time than it saves.
  const few = { ...args, max_length: 1, per_device_train_batch_size: 1 };
  const short = { fullShape: () => ({ B: 1, T: 1 }) };
  expect(modesIn({ ...given, task: short, args: few })).toEqual(new Map());
  for (const mode of LAYER_MODES) expect(modesIn({ ...given, modes: mode })).toEqual(each(mode));
});

test('all is unmerged with dropout, beside another adapter, and over merged weights', () => {
  const [adapter, other, dropping] = [adapterWith(), adapterWith(), adapterWith(0.1)];
  const modules = (overlay: Overlay, adapters = [adapter]): string[] => [
    ...modesIn({ loaded, task, overlay, adapters, args, modes: 'merged' }).keys(),
  ];
  expect(modules(overlayWith([adapter, other]))).toEqual([]);
  expect(modules(overlayWith([dropping]), [dropping])).toEqual([]);
  expect(modules(overlayWith([adapter], { mergedModules: new Set(['block.q']) }))).toEqual([]);
  const trained = new Map([['block.q.weight', pinned('trained', [64, 64])]]);
  expect(modules(overlayWith([adapter], { tensors: trained }))).toEqual(['block.up']);
});

test('a weight too large to bind is left as it is', () => {
  const adapter = adapterWith();
  const split = pinnedMatrix('block.up.weight', [128, 64], 'f32', 64 * 64 * 4);
  const partly = { ...loaded, weights: new Map([...weights, ['block.up.weight', split]]) };
  const given = { loaded: partly, task, overlay: overlayWith([adapter]), adapters: [adapter], args };
  expect([...modesIn({ ...given, modes: 'merged' }).keys()]).toEqual(['block.q']);
});

function create(runner: Partial<Runner>): Promise<LoadedLayers> {
  const adapter = adapterWith();
  const { maxBindingBytes = 2 ** 27 } = runner;
  const given = { loaded, task, overlay: overlayWith([adapter]), adapters: [adapter], args, grads: gradsOf(adapter) };
  return LoadedLayers.create(runner as Runner, layersOfRun({ ...given, modes: 'dense', maxBindingBytes }));
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
  expect(made.inProgram?.gradients.size).toBe(2);
  // One buffer holds the two merged weights, and another holds their gradients.
  expect(held.size).toBe(2);
  made.begin();
  expect(run.splice(0)).toEqual(['clear', 'vera_merge']);
  made.finish();
  expect(run.splice(0)).toEqual(['vera_merge_backward', 'vera_merge_backward', 'vera_lambda_reduce']);
  made.release();
  expect(run).toEqual(['release merge', 'release merge backward']);
  expect(held.size).toBe(0);
});

test('a weight whose copy is too large to bind isn’t merged', async () => {
  const made = await create({ maxBindingBytes: 4 * 64 * 64 - 1, allocate: async () => {} });
  expect(made.inProgram?.gradients.size).toBe(0);
  expect(made.steps).toEqual([]);
});

test('if memory runs out, no weight is merged, and no product stored', async () => {
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
  expect(made.inProgram?.gradients.size).toBe(0);
  expect(made.steps).toEqual([]);
  await expect(create(runner('device_lost'))).rejects.toMatchObject({ code: 'device_lost' });
  expect(held.size).toBe(0);
});
