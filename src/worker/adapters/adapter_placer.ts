import type { Adapter, AdapterKind, FrozenPool, KindOptions, ResolvedAdapter } from '../../adapters/adapter';
import type { AdapterTensors } from '../../adapters/files/adapter_tensors';
import { packParameters } from '../../adapters/pool/pool_layout';
import type { Warn } from '../../core/errors/warning';
import { bytesOf } from '../../core/input/bytes';
import { sha256, toHex } from '../../core/input/digest';
import { seedOf } from '../../core/numbers/rng';
import type { Tensor } from '../../core/types/tensor';
import { Graph } from '../../graph/graph';
import type { Runner } from '../../graph/runner';
import { pinned } from '../../graph/value';
import { baseTensor, type LoadedModel } from '../../models/loaded_model';
import { readFloats } from '../models/loading/file_order';
import { fillTensors, poolTensors } from './adapter_pool';

/** An adapter that is about to be placed on a device. */
export interface AdapterPlan {
  readonly kind: AdapterKind;
  readonly name: string;
  readonly key: string;
  readonly resolved: ResolvedAdapter;
  readonly trainable: boolean;
  readonly options: KindOptions;
  /** The adapter's values from a file; undefined for PEFT's initial values. */
  readonly tensors: AdapterTensors | undefined;
  /** A fingerprint of the adapter's initial values. Set if `tensors` holds later values. */
  readonly origin?: string | undefined;
  /** Receives warnings about the values in `tensors`. */
  readonly warn?: Warn | undefined;
}

export interface PlacerHost {
  readonly runner: Runner;
  readonly loaded: LoadedModel;
  /** Returns the values on this device that adapters of a kind use but never train; undefined for a kind that has none. */
  frozen(kind: AdapterKind): FrozenPool | undefined;
  /** Called with the number of initial values before they are drawn, because drawing them blocks the thread. */
  announce?(numbers: number): void;
}

/** Places adapters of all kinds on a model's device. */
export class AdapterPlacer {
  readonly #host: PlacerHost;
  /** For each adapter, the values that it uses but never trains. Adapters of one kind may share them. */
  readonly #frozen = new WeakMap<Adapter, unknown>();

  constructor(host: PlacerHost) {
    this.#host = host;
  }

  /** Places an adapter beside `others` on the same model. If this throws, the adapter leaves nothing on the device. */
  async place(plan: AdapterPlan, others: readonly Adapter[]): Promise<Adapter> {
    const { runner } = this.#host;
    const { kind, name, key, resolved, trainable, options, tensors, warn } = plan;
    const initial = await this.#initial(plan);
    const frozenPool = this.#host.frozen(kind);
    const frozen = await frozenPool?.acquire({ resolved, options, stored: tensors?.frozen, others, warn });
    const pool = pinned(`pool of ${name}`, [resolved.layout.length]);
    try {
      await runner.allocate([pool]);
      runner.write(pool, initial);
      const origin = trainable ? (plan.origin ?? toHex(await sha256(bytesOf(initial)))) : undefined;
      const adapter = kind.create({ kind, name, key, trainable, origin, pool, resolved, frozen });
      if (tensors === undefined) await this.#begin(adapter);
      this.#frozen.set(adapter, frozen);
      return adapter;
    } catch (error) {
      runner.free([pool]);
      frozenPool?.release(frozen);
      throw error;
    }
  }

  /** Reads all values of an adapter, in the shapes of its files. Includes those that never train, even if the files don't contain them. */
  async read(adapter: Adapter): Promise<AdapterTensors> {
    const { runner, loaded } = this.#host;
    const trained = poolTensors(loaded.model, adapter, await readFloats(runner, adapter.pool));
    return { ...trained, frozen: await readFrozen(runner, adapter) };
  }

  free(adapter: Adapter): void {
    this.#host.runner.free([adapter.pool]);
    this.#host.frozen(adapter.kind)?.release(this.#frozen.get(adapter));
  }

  /** Computes the initial values that depend on the model's weights. They are computed on the device, and written to the adapter's pool. */
  async #begin(adapter: Adapter): Promise<void> {
    const { runner, loaded } = this.#host;
    const g = new Graph();
    adapter.kind.begin?.(g, adapter, (module) => baseTensor(loaded, `${module}.weight`));
    if (g.steps.length === 0) return;
    const program = await runner.load({ name: 'first values', steps: g.steps, outputs: [] });
    runner.run(program);
    program.release();
  }

  /**
   * Returns the initial contents of the adapter's pool (the buffer of all its trained parameters): the values from a file, or else the
   * initial values of the adapter's kind, without those that `#begin` computes.
   */
  async #initial({ kind, name, resolved, options, tensors }: AdapterPlan): Promise<Float32Array<ArrayBuffer>> {
    const { runner, loaded } = this.#host;
    const { layout, trained } = resolved;
    if (tensors === undefined) this.#host.announce?.(layout.length);
    const initial =
      tensors === undefined
        ? kind.initial(resolved, typeof options.seed === 'number' ? options.seed : seedOf(name))
        : packParameters(layout, tensors.parameters);
    await fillTensors(initial, runner, loaded, { layout, trained, stored: tensors?.others });
    return initial;
  }
}

/** Reads the tensors of an adapter that never train, by saved name. */
export async function readFrozen(runner: Runner, { frozen }: Adapter): Promise<Map<string, Tensor>> {
  const tensors = new Map<string, Tensor>();
  for (const [name, value] of frozen) {
    tensors.set(name, { dims: value.shape, data: await readFloats(runner, value) });
  }
  return tensors;
}
