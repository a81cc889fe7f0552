import type { Adapter } from '../../../adapters/adapter';
import type { Overlay } from '../../../adapters/layers/overlay';
import { Breather } from '../../../core/async/breather';
import { bytesOf } from '../../../core/input/bytes';
import { Digest } from '../../../core/input/digest';
import { type Value, wholeOf } from '../../../graph/value';
import type { Architecture } from '../../../models/architecture';
import { addedPooling } from '../../../models/pooled_head';
import type { TaskData } from '../../../tasks/task/task_data';
import { describeTensor, inOrder, samplesOf } from '../../models/base_identity';
import type { BaseModel } from '../../models/base_model';

export interface RunParts {
  readonly model: BaseModel;
  readonly task: Pick<TaskData, 'columns' | 'fingerprint'>;
  readonly overlay: Overlay;
  /** The adapters that train. */
  readonly adapters: readonly Adapter[];
  readonly rows: readonly unknown[];
  /** The number of rows of each adapter, in the adapters' order. Set if each adapter trains on rows of its own. */
  readonly shares?: readonly number[] | undefined;
}

/**
 * Returns a run's identity: a hash of the model, its overlay, the adapters' initial values, and the rows of the data set. The current
 * values of trained adapters are left out, because the run changes them.
 */
export async function runIdentity({ model, task, overlay, adapters, rows, shares }: RunParts): Promise<string> {
  const digest = new Digest();
  const { weights, model: architecture } = model.loaded;
  const tensors = inOrder(weights);
  const about = {
    config: identifyingConfig(architecture),
    weights: tensors.map(describeTensor),
    adapters: overlay.adapters.map(describe),
    trained: adapters.map(({ name }) => name),
    ...(shares && { shares }),
  };
  await digest.add(new TextEncoder().encode(JSON.stringify(about)));
  const frozen = overlay.adapters.flatMap(({ frozen }) => [...frozen.values()]);
  const samples = [...tensors.map(([, value]) => value), ...frozen].flatMap(samplesOf);
  await digest.add(new Uint8Array(await model.runner.readAll(samples)));
  for (const pool of frozenPools(overlay, adapters)) await digest.add(new Uint8Array(await model.runner.read(pool)));
  const breather = new Breather();
  for (const row of rows) {
    await breather.breathe();
    const columns = task.fingerprint?.(row) ?? task.columns(row);
    const length = Uint32Array.of(columns[0]?.length ?? 0);
    for (const part of [length, ...columns]) await digest.add(bytesOf(part));
  }
  return digest.end();
}

/**
 * Returns the config without the maximum length of pooled texts. This length already affects the rows, and the identities of runs that
 * earlier versions stored don't include it.
 */
function identifyingConfig({ config, head }: Architecture): object {
  const added = addedPooling(head);
  if (added === undefined) return config;
  const { max_seq_length: _, ...pooling } = added;
  return { ...config, pooling };
}

function describe({ name, hyperparameters, modules, tensors, layout, dropout, origin }: Adapter): object {
  return {
    name,
    ...hyperparameters,
    modules: [...modules.keys()],
    tensors: [...tensors.keys()],
    length: layout.length,
    dropout,
    origin,
  };
}

/** Returns the buffers of trained values (pools) that affect the results but that this run doesn't train. */
function frozenPools({ adapters, tensors }: Overlay, trained: readonly Adapter[]): Value[] {
  const own = new Set(trained.map(({ pool }) => pool));
  const used = [...adapters.map(({ pool }) => pool), ...[...tensors.values()].map(wholeOf)];
  return [...new Set(used)].filter((value) => !own.has(value));
}
