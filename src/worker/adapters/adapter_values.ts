import type { ResolvedTargets } from '../../adapters/targets';
import type { TrainedTensor } from '../../adapters/trained_tensors';
import type { VeraConfig } from '../../adapters/vera/config';
import { mergedWeight } from '../../adapters/vera/merge';
import {
  initialParameters,
  layoutParameters,
  type ParameterLayout,
  packParameters,
  unpackParameters,
} from '../../adapters/vera/parameters';
import type { ProjectionPool } from '../../adapters/vera/projection_pool';
import { type ProjectionKey, roundingOf } from '../../adapters/vera/projections';
import type { ProjectionValues, VeraAdapter } from '../../adapters/vera/vera_adapter';
import { bytesOf } from '../../core/bytes';
import { sha256, toHex } from '../../core/digest';
import { WebVeraError } from '../../core/error';
import { numel } from '../../core/shape';
import type { Tensor } from '../../core/tensor';
import type { Warn } from '../../core/warning';
import type { AdapterTensors } from '../../formats/peft';
import type { Runner } from '../../graph/runner';
import { pinned, viewOf } from '../../graph/value';
import type { Architecture } from '../../models/architecture';
import { baseTensor, type LoadedModel } from '../../models/loaded_model';
import { readFloats, specOf, toDeviceOrder, toFileOrder } from '../models/tensors';
import type { WireAdapterOptions } from '../protocol';

/** What an adapter is to become. */
export interface AdapterPlan {
  readonly name: string;
  readonly key: string;
  readonly targets: ResolvedTargets;
  /** What trains beside λ. */
  readonly trained: readonly TrainedTensor[];
  readonly options: WireAdapterOptions;
  /** Values from a file. Without them the adapter begins as PEFT's do. */
  readonly tensors: AdapterTensors | undefined;
  /** A fingerprint of the values that it began with, unless it begins with these. */
  readonly origin?: string | undefined;
}

/** What an adapter holds, projections included. */
export type StoredAdapter = AdapterTensors & { readonly projections: { readonly A: Tensor; readonly B: Tensor } };

/** Puts adapters on the device. */
export class AdapterPlacer {
  readonly #runner: Runner;
  readonly #loaded: LoadedModel;
  readonly #pool: ProjectionPool;
  readonly #warn: Warn;

  constructor(runner: Runner, loaded: LoadedModel, pool: ProjectionPool, warn: Warn) {
    this.#runner = runner;
    this.#loaded = loaded;
    this.#pool = pool;
    this.#warn = warn;
  }

  async place(plan: AdapterPlan, others: readonly VeraAdapter[]): Promise<VeraAdapter> {
    const { name, key, targets, trained, options, tensors } = plan;
    const { config, modules } = targets;
    const layout = layoutParameters(modules, config.r, trained);
    const initial =
      tensors === undefined ? initialParameters(layout, config, seedOf(name)) : packParameters(layout, tensors.vectors);
    await this.#fillTensors(initial, layout, trained, tensors);
    const projections = await this.#projections(plan, others);
    const lambda = pinned(`lambda of ${name}`, [layout.length]);
    try {
      await this.#runner.allocate([lambda]);
      this.#runner.write(lambda, initial);
    } catch (error) {
      this.#runner.free([lambda]);
      this.#pool.release(projections);
      throw error;
    }
    const values = trained.map(({ name: tensor, kind, savedKey }) => {
      const { shape = [], offset = 0 } = layout.tensors.get(tensor) ?? {};
      return [tensor, { value: viewOf(lambda, tensor, shape, offset), kind, savedKey }] as const;
    });
    const { is_trainable: trainable = true } = options;
    const origin = trainable ? (plan.origin ?? toHex(await sha256(bytesOf(initial)))) : undefined;
    return { name, key, config, layout, projections, lambda, tensors: new Map(values), trainable, origin };
  }

  /** The numbers of an adapter, in the shapes that files give them. */
  async read(adapter: VeraAdapter): Promise<StoredAdapter> {
    const pool = await readFloats(this.#runner, adapter.lambda);
    return {
      ...poolTensors(this.#loaded.model, adapter, pool),
      projections: await readProjections(this.#runner, adapter),
    };
  }

  /** ΔW of a module in the layout of its weight. Throws `invalid_argument` for a module that isn't wrapped. */
  async delta(adapter: VeraAdapter, module: string): Promise<Tensor> {
    if (!adapter.layout.slots.has(module)) {
      throw new WebVeraError(
        'invalid_argument',
        `get_delta_weight: expected a module that ${adapter.name} wraps, got ${module}`,
        { hint: `It wraps ${[...adapter.layout.slots.keys()].slice(0, 4).join(', ')}, …` },
      );
    }
    const delta = await mergedWeight(this.#runner, adapter, module, undefined);
    try {
      const spec = specOf(this.#loaded.model, `${module}.weight`);
      return toFileOrder(spec, { dims: delta.shape, data: await readFloats(this.#runner, delta) });
    } finally {
      this.#runner.free([delta]);
    }
  }

  free({ lambda, projections }: VeraAdapter): void {
    this.#runner.free([lambda]);
    this.#pool.release(projections);
  }

  /** Trained tensors begin with the file's values, else with the base model's. */
  async #fillTensors(
    pool: Float32Array,
    layout: ParameterLayout,
    trained: readonly TrainedTensor[],
    tensors: AdapterTensors | undefined,
  ): Promise<void> {
    for (const { name, savedKey } of trained) {
      const slot = layout.tensors.get(name);
      if (slot === undefined) continue;
      const stored = tensors?.others.get(savedKey);
      const spec = specOf(this.#loaded.model, name);
      const data =
        stored === undefined
          ? await readFloats(this.#runner, baseTensor(this.#loaded, name))
          : toDeviceOrder(spec, stored).data;
      pool.set(data, slot.offset);
    }
  }

  async #projections(
    { targets, options, tensors }: AdapterPlan,
    others: readonly VeraAdapter[],
  ): Promise<ProjectionValues> {
    const { config, max_in, max_out } = targets;
    const key = { projection_prng_key: config.projection_prng_key, r: config.r, max_in, max_out };
    const stored = tensors?.projections;
    if (stored !== undefined) return this.#storedProjections(key, stored);
    const shared = tensors === undefined ? sharedDimensions(key, config, others) : key;
    return this.#pool.acquire(shared, options.projection_dtype ?? 'float32');
  }

  /** Projections that came along decide; they're shared with other adapters only where the key gives the same. */
  async #storedProjections(key: ProjectionKey, { A, B }: { A: Tensor; B: Tensor }): Promise<ProjectionValues> {
    const inFile = { ...key, max_in: A.dims[1] ?? key.max_in, max_out: B.dims[0] ?? key.max_out };
    const stored = { A: new Float32Array(A.data), B: new Float32Array(B.data) };
    const dtype = roundingOf(stored, inFile);
    if (dtype !== undefined) return this.#pool.acquire(inFile, dtype, stored);
    this.#warn({
      code: 'projection_differs',
      message:
        `vera_A and vera_B differ from what projection_prng_key ${key.projection_prng_key} gives. They are followed; ` +
        'PEFT up to 0.20.0 ignores them in a file, and would give other results.',
    });
    return this.#pool.adopt(inFile, stored);
  }
}

/** What lies in a pool of an adapter, such as what trains or one of its moments, in the shapes that files give it. */
export function poolTensors(
  model: Architecture,
  { layout, tensors }: VeraAdapter,
  pool: Float32Array<ArrayBuffer>,
): Pick<StoredAdapter, 'vectors' | 'others'> {
  const others = new Map<string, Tensor>();
  for (const [name, { savedKey }] of tensors) {
    const { shape = [], offset = 0 } = layout.tensors.get(name) ?? {};
    const data = pool.slice(offset, offset + numel(shape));
    others.set(savedKey, toFileOrder(specOf(model, name), { dims: shape, data }));
  }
  return { vectors: unpackParameters(layout, pool), others };
}

export async function readProjections(
  runner: Runner,
  { projections: { A, B } }: VeraAdapter,
): Promise<StoredAdapter['projections']> {
  return {
    A: { dims: A.shape, data: await readFloats(runner, A) },
    B: { dims: B.shape, data: await readFloats(runner, B) },
  };
}

/** Without init_weights, adapters of other names begin with other vectors, and one with the same again and again. */
function seedOf(name: string): number {
  return [...name].reduce((hash, letter) => (Math.imul(hash, 31) + (letter.codePointAt(0) ?? 0)) >>> 0, 0);
}

/**
 * As in PEFT, a further adapter takes the projections that are there when it fits them, wider ones too: they go into its
 * file. One whose file won't hold them draws its own from what the file says, or it could never be loaded again.
 */
function sharedDimensions(key: ProjectionKey, config: VeraConfig, others: readonly VeraAdapter[]): ProjectionKey {
  if (!config.save_projection) return key;
  for (const { config: other, projections } of others) {
    const [max_in = 0, max_out = 0] = [projections.A.shape[1], projections.B.shape[0]];
    const same = other.projection_prng_key === key.projection_prng_key && other.r === key.r;
    if (same && max_in >= key.max_in && max_out >= key.max_out) return { ...key, max_in, max_out };
  }
  return key;
}
