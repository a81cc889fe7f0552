import type { Graph } from '../graph/graph';
import { type Value, viewOf } from '../graph/value';
import type { Adapter, AdapterParts, KindOptions, ModuleSize, ResolvedAdapter, TrainedValue } from './adapter';

/** The parts that adapters of all kinds have in common, once they are on a device. */
export abstract class PlacedAdapter<R extends ResolvedAdapter = ResolvedAdapter, F = unknown> implements Adapter {
  readonly kind: Adapter['kind'];
  readonly name: string;
  readonly key: string;
  readonly trainable: boolean;
  readonly origin: string | undefined;
  readonly pool: Value;
  readonly config: R['config'];
  readonly layout: R['layout'];
  readonly modules: ReadonlyMap<string, ModuleSize>;
  readonly tensors: ReadonlyMap<string, TrainedValue>;
  protected readonly parts: AdapterParts<R, F>;

  constructor(parts: AdapterParts<R, F>) {
    const { kind, name, key, trainable, origin, pool, resolved } = parts;
    this.parts = parts;
    this.kind = kind;
    this.name = name;
    this.key = key;
    this.trainable = trainable;
    this.origin = origin;
    this.pool = pool;
    this.config = resolved.config;
    this.layout = resolved.layout;
    this.modules = resolved.modules;
    this.tensors = new Map(
      resolved.trained.map(({ name: tensor, savedKey, kind: trainedAs, root }) => {
        const { shape = [], offset = 0 } = resolved.layout.tensors.get(tensor) ?? {};
        const value = viewOf(pool, tensor, shape, offset);
        return [tensor, { value, kind: trainedAs, savedKey, ...(root !== undefined && { root }) }];
      }),
    );
  }

  /** The pool as a whole, and the base model's tensors. A kind whose kernels bind parameters one by one has views instead. */
  get leaves(): readonly Value[] {
    return [this.pool, ...[...this.tensors.values()].map(({ value }) => value)];
  }

  get dropout(): number {
    return 0;
  }

  get frozen(): ReadonlyMap<string, Value> {
    return new Map();
  }

  get options(): KindOptions {
    return {};
  }

  abstract get hyperparameters(): Readonly<Record<string, number>>;
  abstract merge(g: Graph, module: string, weight: Value | undefined, into: Value): void;
  abstract withPool(pool: Value): Adapter;
}
