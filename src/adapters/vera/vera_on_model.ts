import { WebVeraError } from '../../core/errors/error';
import type { Graph } from '../../graph/graph';
import { type Value, viewOf } from '../../graph/value';
import { type VeraMerge, veraMerge } from '../../ops/vera/vera_merge';
import type { Adapter, TrainedValue } from '../adapter';
import type { TrainedTensor } from '../trained_tensors';
import type { VeraConfig } from './config';
import { veraKind } from './kind';
import type { ModuleSlot, VeraLayout } from './parameters';
import type { ProjectionValues, VeraAdapter } from './vera_adapter';

interface VeraAdapterInit extends Pick<VeraAdapter, 'name' | 'key' | 'config' | 'trainable' | 'origin'> {
  /** All that trains in one pinned buffer, placed by `layout`. */
  readonly pool: Value;
  readonly layout: VeraLayout;
  readonly projections: ProjectionValues;
  /** The layout's tensors. */
  readonly trained: readonly Omit<TrainedTensor, 'shape'>[];
}

/** A VeRA adapter on a loaded model. */
export class VeraOnModel implements VeraAdapter {
  readonly kind = veraKind;
  readonly name: string;
  readonly key: string;
  readonly config: VeraConfig;
  readonly trainable: boolean;
  readonly origin: string | undefined;
  readonly pool: Value;
  readonly layout: VeraLayout;
  readonly tensors: ReadonlyMap<string, TrainedValue>;
  readonly projections: ProjectionValues;
  readonly #init: VeraAdapterInit;

  constructor(init: VeraAdapterInit) {
    this.#init = init;
    this.name = init.name;
    this.key = init.key;
    this.config = init.config;
    this.trainable = init.trainable;
    this.origin = init.origin;
    this.pool = init.pool;
    this.layout = init.layout;
    this.tensors = new Map(init.trained.map((tensor) => [tensor.name, tensorIn(tensor, init)]));
    this.projections = init.projections;
  }

  get modules(): ReadonlyMap<string, ModuleSlot> {
    return this.layout.slots;
  }

  /** Vectors aren't leaves of their own: their gradients go to the pool as a whole. */
  get leaves(): readonly Value[] {
    return [this.pool, ...[...this.tensors.values()].map(({ value }) => value)];
  }

  get dropout(): number {
    return this.config.vera_dropout;
  }

  get hyperparameters(): { readonly r: number } {
    return { r: this.layout.r };
  }

  get frozen(): readonly Value[] {
    return [this.projections.A, this.projections.B];
  }

  deltaOf(module: string): VeraMerge {
    const slot = this.layout.slots.get(module);
    if (slot === undefined) throw new WebVeraError('internal', `The adapter doesn't wrap ${module}`);
    const { in_features: K, lambdaB, lambdaD } = slot;
    const { A, B } = this.projections;
    return { A, B, lambda: this.pool, lambdaB, lambdaD, K };
  }

  merge(g: Graph, module: string, weight: Value | undefined, into: Value): void {
    veraMerge(g, { ...this.deltaOf(module), weight }, into);
  }

  withPool(pool: Value): VeraAdapter {
    return new VeraOnModel({ ...this.#init, pool });
  }
}

/** The adapter as a VeRA adapter. Throws `internal` for another kind. */
export function asVera(adapter: Adapter): VeraAdapter {
  if (adapter instanceof VeraOnModel) return adapter;
  throw new WebVeraError('internal', `Expected an adapter of VeRA, got ${adapter.name}, of ${adapter.kind.peft_type}`);
}

function tensorIn(
  { name, ...trained }: VeraAdapterInit['trained'][number],
  { layout, pool }: Pick<VeraAdapterInit, 'layout' | 'pool'>,
): TrainedValue {
  const { shape = [], offset = 0 } = layout.tensors.get(name) ?? {};
  return { ...trained, value: viewOf(pool, name, shape, offset) };
}
