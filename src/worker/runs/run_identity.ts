import type { Overlay } from '../../adapters/overlay';
import type { VeraAdapter } from '../../adapters/vera_adapter';
import { bytesOf } from '../../core/bytes';
import { Digest } from '../../core/digest';
import { rowsAndColumns } from '../../core/shape';
import { byteLength, shardsOf, storageOf, type Value } from '../../graph/value';
import type { Task } from '../../tasks/task';
import type { BaseModel } from '../models/base_model';

export interface RunParts {
  readonly model: BaseModel;
  readonly overlay: Overlay;
  /** Those that train. */
  readonly adapters: readonly VeraAdapter[];
  readonly rows: readonly unknown[];
}

/** Words of 32 bits at the beginning of a tensor's first and last row, that tell it from others of its shape. */
const SAMPLE = 64;

/** What a base model is, as a fingerprint: names, shapes and samples of its tensors. */
export async function baseIdentity({ loaded: { weights }, runner }: BaseModel): Promise<string> {
  const digest = new Digest();
  const tensors = inOrder(weights);
  await digest.add(new TextEncoder().encode(JSON.stringify(tensors.map(describeTensor))));
  await digest.add(new Uint8Array(await runner.readAll(tensors.flatMap(([, value]) => samplesOf(value)))));
  return digest.end();
}

/**
 * What a run is a run of, as a fingerprint: the model, what lies over it, how the adapters began, and the rows that they
 * learn from. What trains doesn't count: a run changes it.
 */
export async function runIdentity({ model, overlay, adapters, rows }: RunParts): Promise<string> {
  const digest = new Digest();
  const { weights, model: architecture } = model.loaded;
  const tensors = inOrder(weights);
  const about = {
    config: architecture.config,
    weights: tensors.map(describeTensor),
    adapters: overlay.adapters.map(describe),
    trained: adapters.map(({ name }) => name),
  };
  await digest.add(new TextEncoder().encode(JSON.stringify(about)));
  const projections = overlay.adapters.flatMap(({ projections: { A, B } }) => [A, B]);
  const samples = [...tensors.map(([, value]) => value), ...projections].flatMap(samplesOf);
  await digest.add(new Uint8Array(await model.runner.readAll(samples)));
  for (const pool of stillPools(overlay, adapters)) await digest.add(new Uint8Array(await model.runner.read(pool)));
  const task: Task = model.task;
  for (const row of rows) {
    const columns = task.columns(row);
    const length = Uint32Array.of(columns[0]?.length ?? 0);
    for (const part of [length, ...columns]) await digest.add(bytesOf(part));
  }
  return digest.end();
}

function inOrder(weights: ReadonlyMap<string, Value>): [string, Value][] {
  return [...weights].sort(([a], [b]) => (a < b ? -1 : 1));
}

function describeTensor([name, { shape, dtype }]: readonly [string, Value]): unknown[] {
  return [name, shape, dtype];
}

function describe({ name, config, layout, origin }: VeraAdapter): object {
  const { r, slots, tensors, length } = layout;
  return {
    name,
    r,
    modules: [...slots.keys()],
    tensors: [...tensors.keys()],
    length,
    dropout: config.vera_dropout,
    origin,
  };
}

/** The beginnings of a pinned value's first and last row, as values. */
export function samplesOf(value: Value): Value[] {
  const shards = shardsOf(value).map((shard) => shard.value);
  const [first, last] = [shards[0] ?? value, shards.at(-1) ?? value];
  return [sample(first, 0), sample(last, rowsAndColumns(last.shape).rows - 1)];
}

function sample(value: Value, row: number): Value {
  const { columns } = rowsAndColumns(value.shape);
  const words = storageOf(value).bytes([columns]) / 4;
  const length = Math.max(4, Math.min(SAMPLE, 4 * Math.floor(words / 4)));
  const begin = Math.min(Math.floor(row * words), byteLength(value) / 4 - length);
  const { of, offset } = value.view ?? { of: value, offset: 0 };
  return { name: value.name, shape: [length], dtype: 'u32', pinned: true, view: { of, offset: offset + begin } };
}

/** All values of adapters that have a part in the results, but don't train. */
function stillPools({ adapters, tensors }: Overlay, trained: readonly VeraAdapter[]): Value[] {
  const own = new Set(trained.map(({ lambda }) => lambda));
  const used = [
    ...adapters.map(({ lambda }) => lambda),
    ...[...tensors.values()].map((value) => value.view?.of ?? value),
  ];
  return [...new Set(used)].filter((value) => !own.has(value));
}
