import type { Overlay } from '../../adapters/overlay';
import type { VeraAdapter } from '../../adapters/vera/vera_adapter';
import { bytesOf } from '../../core/bytes';
import { Digest } from '../../core/digest';
import type { Value } from '../../graph/value';
import type { Task } from '../../tasks/task';
import { describeTensor, inOrder, samplesOf } from '../models/base_identity';
import type { BaseModel } from '../models/base_model';

export interface RunParts {
  readonly model: BaseModel;
  readonly overlay: Overlay;
  /** Those that train. */
  readonly adapters: readonly VeraAdapter[];
  readonly rows: readonly unknown[];
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

/** All values of adapters that have a part in the results, but don't train. */
function stillPools({ adapters, tensors }: Overlay, trained: readonly VeraAdapter[]): Value[] {
  const own = new Set(trained.map(({ lambda }) => lambda));
  const used = [
    ...adapters.map(({ lambda }) => lambda),
    ...[...tensors.values()].map((value) => value.view?.of ?? value),
  ];
  return [...new Set(used)].filter((value) => !own.has(value));
}
