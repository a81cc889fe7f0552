import type { Adapter } from '../../adapters/adapter';
import { packParameters } from '../../adapters/pool_layout';
import type { VeraConfig } from '../../adapters/vera/config';
import { initialVectors, layoutVectors } from '../../adapters/vera/parameters';
import type { ProjectionPool } from '../../adapters/vera/projection_pool';
import { type ProjectionKey, roundingOf } from '../../adapters/vera/projections';
import type { ProjectionValues, VeraAdapter } from '../../adapters/vera/vera_adapter';
import { asVera, VeraOnModel } from '../../adapters/vera/vera_on_model';
import type { Warn } from '../../core/errors/warning';
import { bytesOf } from '../../core/input/bytes';
import { sha256, toHex } from '../../core/input/digest';
import { seedOf } from '../../core/numbers/rng';
import type { Tensor } from '../../core/types/tensor';
import type { Runner } from '../../graph/runner';
import { pinned } from '../../graph/value';
import type { Architecture } from '../../models/architecture';
import type { LoadedModel } from '../../models/loaded_model';
import { readFloats } from '../models/loading/tensors';
import type { AdapterPlacer, AdapterPlan, FullAdapterTensors } from './adapter_placer';
import { fillTensors, poolTensors } from './adapter_pool';

export class VeraPlacer implements AdapterPlacer {
  readonly #runner: Runner;
  readonly #loaded: LoadedModel;
  readonly #projections: ProjectionPool;
  readonly #warn: Warn;

  constructor(runner: Runner, loaded: LoadedModel, projections: ProjectionPool, warn: Warn) {
    this.#runner = runner;
    this.#loaded = loaded;
    this.#projections = projections;
    this.#warn = warn;
  }

  async place(plan: AdapterPlan, others: readonly Adapter[]): Promise<VeraAdapter> {
    const { name, key, targets, trained, options, tensors } = plan;
    const { config, modules } = targets;
    const layout = layoutVectors(modules, config.r, trained);
    // Without init_weights, adapters of other names begin with other vectors, and one with the same again and again.
    const initial =
      tensors === undefined ? initialVectors(layout, config, seedOf(name)) : packParameters(layout, tensors.vectors);
    await fillTensors(initial, this.#runner, this.#loaded, { layout, trained, stored: tensors?.others });
    const projections = await this.#acquire(plan, others.map(asVera));
    const pool = pinned(`pool of ${name}`, [layout.length]);
    try {
      await this.#runner.allocate([pool]);
      this.#runner.write(pool, initial);
    } catch (error) {
      this.#runner.free([pool]);
      this.#projections.release(projections);
      throw error;
    }
    const { is_trainable: trainable = true } = options;
    const origin = trainable ? (plan.origin ?? toHex(await sha256(bytesOf(initial)))) : undefined;
    return new VeraOnModel({ name, key, config, trainable, origin, pool, layout, projections, trained });
  }

  async read(adapter: Adapter): Promise<FullAdapterTensors> {
    const vera = asVera(adapter);
    const pool = await readFloats(this.#runner, vera.pool);
    return {
      ...vectorsIn(this.#loaded.model, vera, pool),
      projections: await readProjections(this.#runner, vera),
    };
  }

  free(adapter: Adapter): void {
    this.#runner.free([adapter.pool]);
    this.#projections.release(asVera(adapter).projections);
  }

  async #acquire(
    { targets, options, tensors }: AdapterPlan,
    others: readonly VeraAdapter[],
  ): Promise<ProjectionValues> {
    const { config, max_in, max_out } = targets;
    const key = { projection_prng_key: config.projection_prng_key, r: config.r, max_in, max_out };
    const stored = tensors?.projections;
    if (stored !== undefined) return this.#acquireStored(key, stored);
    const shared = tensors === undefined ? sharedDimensions(key, config, others) : key;
    return this.#projections.acquire(shared, options.projection_dtype ?? 'float32');
  }

  /** Projections that came along decide; they're shared with other adapters only where the key gives the same. */
  async #acquireStored(key: ProjectionKey, { A, B }: { A: Tensor; B: Tensor }): Promise<ProjectionValues> {
    const inFile = { ...key, max_in: A.dims[1] ?? key.max_in, max_out: B.dims[0] ?? key.max_out };
    const stored = { A: new Float32Array(A.data), B: new Float32Array(B.data) };
    const dtype = roundingOf(stored, inFile);
    if (dtype !== undefined) return this.#projections.acquire(inFile, dtype, stored);
    this.#warn({
      code: 'projection_differs',
      message:
        `vera_A and vera_B differ from what projection_prng_key ${key.projection_prng_key} gives. They are followed; ` +
        'PEFT up to 0.20.0 ignores them in a file, and would give other results.',
    });
    return this.#projections.adopt(inFile, stored);
  }
}

/** What lies in a pool of an adapter, such as what trains or one of its moments, in the shapes that files give it. */
export function vectorsIn(
  model: Architecture,
  adapter: VeraAdapter,
  pool: Float32Array<ArrayBuffer>,
): Pick<FullAdapterTensors, 'vectors' | 'others'> {
  const { parameters, others } = poolTensors(model, adapter, pool);
  return { vectors: parameters, others };
}

export async function readProjections(
  runner: Runner,
  { projections: { A, B } }: VeraAdapter,
): Promise<FullAdapterTensors['projections']> {
  return {
    A: { dims: A.shape, data: await readFloats(runner, A) },
    B: { dims: B.shape, data: await readFloats(runner, B) },
  };
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
