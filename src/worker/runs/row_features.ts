import type { Adapter } from '../../adapters/adapter';
import type { Overlay } from '../../adapters/layers/overlay';
import type { KernelChoice } from '../../core/kernels/kernel_choice';
import { numel } from '../../core/numbers/shape';
import { VERSION } from '../../core/version';
import type { Runner } from '../../graph/runner';
import type { Value } from '../../graph/value';
import type { Task } from '../../tasks/task/task';
import { type BatchArguments, batchesInOrder } from '../../tasks/task/task_batches';
import type { SolvableHead } from '../../tasks/task/task_head';
import type { BaseModel } from '../models/base_model';
import { readFloats } from '../models/loading/file_order';
import { digestOf, type KeyedRow } from './keyed_rows';
import type { StoredFeatures } from './stored_features';

/** The version of the features. Increased when code other than kernels changes them, so that older stored features aren't used. */
const FORMAT = 2;
/** The maximum number of feature values that are held in memory for each model: 64 MiB. */
const MOST_NUMBERS = 2 ** 24;

/** Everything but the rows on which features depend: the model, its only adapter, and the kernels. */
interface FeatureState {
  readonly model: BaseModel;
  readonly overlay: Overlay;
  readonly adapter: Adapter;
  readonly head: SolvableHead;
  /** The kernels in use, and their device: the last bits of features depend on them. */
  readonly kernels: KernelChoice;
}

/** The pass that computes features of rows. */
export interface FeaturePass extends FeatureState {
  /** The digest from `stateOf`. */
  readonly state: string;
  readonly args: BatchArguments;
  readonly signal: AbortSignal;
  /** Features from earlier sessions, if they are stored. */
  readonly stored?: Pick<StoredFeatures, 'known'> | undefined;
  /** Receives the features of all rows, by key. */
  readonly used: Map<string, Float32Array>;
}

/** Features of rows. */
export interface RowFeatures {
  /** The features of N rows, (N, size). */
  readonly features: Float32Array<ArrayBuffer>;
  /** The number of rows that ran through the model. */
  readonly computed: number;
}

/**
 * Computes the features that a head's last layer reads, and holds them while the model is loaded. Each key contains hashes of the row's
 * content and of everything else that features depend on, so a later call computes only new rows, even for another adapter with equal
 * values. The key of a view contains the view's index, so that views are made only for features that are not known.
 */
export class FeatureCache {
  readonly #known = new WeakMap<BaseModel, Map<string, Float32Array>>();
  /** Digests of the frozen values that adapters share. */
  readonly #frozen = new WeakMap<Value, Promise<string>>();

  async of(rows: readonly KeyedRow[], pass: FeaturePass): Promise<RowFeatures> {
    const { model, head, stored, used } = pass;
    const known = this.#known.get(model) ?? new Map<string, Float32Array>();
    this.#known.set(model, known);
    const found = new Map<string, Float32Array>();
    const take = (all: ReadonlyMap<string, Float32Array>): void => {
      for (const { key } of rows) {
        const features = found.get(key) ?? all.get(key);
        if (features !== undefined) found.set(key, features);
      }
    };
    take(known);
    if (stored !== undefined && rows.some(({ key }) => !found.has(key))) take(await stored.known(head.size));
    const absent = new Map(rows.filter(({ key }) => !found.has(key)).map((row) => [row.key, row]));
    try {
      for await (const [key, features] of computed([...absent.values()], pass)) found.set(key, features);
    } finally {
      remember(known, found, Math.floor(MOST_NUMBERS / head.size));
    }
    for (const [key, features] of found) used.set(key, features);
    const features = new Float32Array(rows.length * head.size);
    for (const [index, { key }] of rows.entries()) features.set(found.get(key) ?? [], index * head.size);
    return { features, computed: absent.size };
  }

  /**
   * Returns a digest of everything on which features depend, except the row and the base weights: the adapter without its last layer, the
   * model's configuration, the kernels and the library's version.
   */
  async stateOf({ model, overlay, adapter, head, kernels }: FeatureState): Promise<string> {
    const { runner, loaded } = model;
    const pool = await readFloats(runner, adapter.pool);
    for (const end of ['weight', 'bias']) {
      const slot = adapter.layout.tensors.get(`${head.lastLayer}.${end}`);
      if (slot !== undefined) pool.fill(0, slot.offset, slot.offset + numel(slot.shape));
    }
    // Trained biases of other adapters stay in use while those adapters aren't active.
    const others = [...overlay.tensors].filter(([name, value]) => adapter.tensors.get(name)?.value !== value);
    const biases = await Promise.all(others.map(([, value]) => readFloats(runner, value)));
    const frozen = await Promise.all([...adapter.frozen.values()].map((value) => this.#digestOf(value, runner)));
    const network = [VERSION, FORMAT, loaded.model.config, kernels];
    const rest = JSON.stringify([adapter.config.to_json(), adapter.hyperparameters, frozen, network]);
    return digestOf([pool, ...biases, new TextEncoder().encode(rest)]);
  }

  #digestOf(value: Value, runner: Runner): Promise<string> {
    const known = this.#frozen.get(value);
    if (known !== undefined) return known;
    const digest = runner.read(value).then((bytes) => digestOf([new Uint8Array(bytes)]));
    this.#frozen.set(value, digest);
    digest.catch(() => this.#frozen.delete(value)); // the next call reads it again
    return digest;
  }
}

/** Runs rows through the model, in batches of rows with similar lengths. Only the views of one batch are in memory at a time. */
async function* computed(
  rows: readonly KeyedRow[],
  { model, overlay, head, args, signal }: FeaturePass,
): AsyncGenerator<[string, Float32Array]> {
  const task: Task = model.task;
  const parts = { inputs: task.inputs.bind(task), write: task.write.bind(task), logits: head.features };
  const sorted = rows.toSorted((a, b) => task.tokensOf(a.row) - task.tokensOf(b.row));
  const made = {
    batch: (some: readonly KeyedRow[]) =>
      task.batch(
        some.map(({ row, view }) => view?.of(row) ?? row),
        args,
      ),
  };
  let place = 0;
  for (const batch of batchesInOrder(made, sorted, args)) {
    signal.throwIfAborted();
    const features = await model.run({ name: 'features', task: parts }, batch, overlay);
    for (let row = 0; row < batch.B; row++, place++) {
      yield [sorted[place]?.key ?? '', features.slice(row * head.size, (row + 1) * head.size)];
    }
  }
}

/** Adds the features of rows that were just used to the cache `known`, then deletes the least recently used rows until `most` are left. */
export function remember<T>(known: Map<string, T>, used: ReadonlyMap<string, T>, most: number): void {
  for (const [key, features] of used) {
    known.delete(key);
    known.set(key, features);
  }
  for (const key of known.keys()) {
    if (known.size <= most) return;
    known.delete(key);
  }
}
