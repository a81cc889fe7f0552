import { vi } from 'vitest';
import type { Adapter } from '../../src/adapters/adapter';
import { VeraAdapter } from '../../src/adapters/vera/vera_adapter';
import {
  get_peft_model,
  type PreTrainedModel,
  Trainer,
  VeraConfig,
  type VeraConfigInit,
  type VeraModel,
} from '../../src/index';
import type { ModelAdapters } from '../../src/worker/adapters/model_adapters';
import { LoadedModels } from '../../src/worker/models/loaded_models';
import { readFloats } from '../../src/worker/models/loading/file_order';
import { largestDifference } from './golden/golden';
import { randomArray } from './maths/random';
import { vectorsOf } from './session/session';

/** The tolerances of PEFT's own tests. */
export const TOLERANCE = { merge: 1e-4, roundTrip: 1e-5, twoAdapters: 1e-3 } as const;

/** Two rows of inputs that use only the tokens 0 and 1, which every model has. */
export const input_ids = [
  [0, 1, 1, 0, 1, 0, 0, 1],
  [1, 1, 0, 0, 0, 1, 0, 1],
];

export async function logitsOf(model: PreTrainedModel, adapter_names?: readonly string[]): Promise<Float32Array> {
  const { logits } = await model.forward({ input_ids, ...(adapter_names && { adapter_names }) });
  return logits.data;
}

/** Returns the largest difference between the logits of two models, or between a model's logits and earlier ones. */
export async function distance(a: PreTrainedModel | Float32Array, b: PreTrainedModel | Float32Array): Promise<number> {
  const [x, y] = await Promise.all([a, b].map((of) => (of instanceof Float32Array ? of : logitsOf(of))));
  return largestDifference(x!, y!);
}

/** Adds an adapter with random values to a base model. */
export async function randomVera(
  base: PreTrainedModel,
  config: VeraConfigInit,
  name = 'default',
  seed = 1,
): Promise<VeraModel> {
  const model = await get_peft_model(base, new VeraConfig(config), name);
  await randomise(model, name, seed);
  return model;
}

/** Adds another adapter with random values to a model. */
export async function addRandom(model: VeraModel, name: string, config: VeraConfigInit, seed = 2): Promise<void> {
  await model.add_adapter(name, new VeraConfig(config));
  await randomise(model, name, seed);
}

/**
 * Writes random values into everything that an adapter trains. If `value` is given, λ_b gets this value instead; it may
 * be infinite, which files may not contain.
 */
export async function randomise(model: VeraModel, name: string, seed: number, value?: number): Promise<void> {
  const vera = await stateOf(model);
  const { pool: trained, layout } = asVera(vera.adapter(name));
  const { runner } = vera.base;
  const pool = await readFloats(runner, trained);
  const noise = randomArray(pool.length, seed);
  for (const { offsetB, offsetD, out_features } of layout.slots.values()) {
    for (let n = 0; n < out_features; n++) pool[offsetB + n] = value ?? noise[offsetB + n]!;
    for (let n = 0; n < layout.r; n++) pool[offsetD + n] = noise[offsetD + n]!;
  }
  for (const { offset, shape } of layout.tensors.values()) {
    const size = shape.reduce((product, dim) => product * dim, 1);
    for (let n = 0; n < size; n++) pool[offset + n]! += noise[offset + n]!;
  }
  runner.write(trained, pool);
}

/** Returns the worker's state of a VeRA model. */
export async function stateOf(model: VeraModel): Promise<ModelAdapters> {
  const find = vi.spyOn(LoadedModels.prototype, 'get');
  try {
    await model.save_pretrained();
    return find.mock.results[0]?.value;
  } finally {
    find.mockRestore();
  }
}

function asVera(adapter: Adapter): VeraAdapter {
  if (adapter instanceof VeraAdapter) return adapter;
  throw new Error(`${adapter.name} is no adapter of VeRA`);
}

/** Returns the model's adapters, in the order in which they were added. */
export async function adaptersOf(model: VeraModel): Promise<VeraAdapter[]> {
  return (await stateOf(model)).adapters.map(asVera);
}

/** Trains three steps on `input_ids`. */
export async function train(
  model: VeraModel,
  learning_rate = 0.1,
  { gradient_checkpointing = false }: { readonly gradient_checkpointing?: boolean } = {},
): Promise<void> {
  const args = { max_steps: 3, learning_rate, lr_scheduler_type: 'constant', gradient_checkpointing } as const;
  await new Trainer({ model, args, train_dataset: input_ids.map((ids) => ({ input_ids: ids })) }).train();
}

/** Returns the names of the tensors that differ between two maps. */
export function changed(
  before: ReadonlyMap<string, ArrayLike<number>>,
  after: ReadonlyMap<string, ArrayLike<number>>,
): string[] {
  return [...after].flatMap(([name, data]) => {
    const old = before.get(name);
    return old !== undefined && largestDifference(old, data) === 0 ? [] : [name];
  });
}

/** Saves an adapter and returns the tensors of its file. */
export async function savedOf(model: VeraModel, adapter_name?: string): Promise<Map<string, Float32Array>> {
  return vectorsOf(await model.save_pretrained(adapter_name === undefined ? {} : { adapter_name }));
}

/** Returns the numbers of a model's tensors, by name. */
export async function tensorsOf(model: PreTrainedModel): Promise<Map<string, Float32Array>> {
  return new Map([...(await model.state_dict())].map(([name, { data }]) => [name, data]));
}
