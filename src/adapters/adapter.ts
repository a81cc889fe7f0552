import { WebVeraError } from '../core/errors/error';
import type { Graph } from '../graph/graph';
import type { Value } from '../graph/value';
import type { Layers } from '../models/layers';
import type { AdapterConfig } from './adapter_config';
import type { PoolLayout } from './pool_layout';
import type { RowInputs } from './row_inputs';
import type { TrainingLayers, TrainingRequest } from './training_layers';

/** Sizes of a wrapped module. */
export interface ModuleSize {
  readonly in_features: number;
  readonly out_features: number;
}

/** A tensor of the base model that an adapter trains in place of the base's: a part of the adapter's pool. */
export interface TrainedValue {
  readonly value: Value;
  /** `bias`: in use as long as the adapter exists. `module`: of a module trained whole, in use while the adapter is active. */
  readonly kind: 'bias' | 'module';
  /** The name by which PEFT saves it. */
  readonly savedKey: string;
  /** PEFT's name of the module that trains whole, where the tensor's own is only a part of it. */
  readonly root?: string;
}

/** An adapter of any kind on a loaded model: what running, training, merging and saving need of it. */
export interface Adapter {
  readonly kind: AdapterKind;
  readonly name: string;
  /** Unique in the session, even if an adapter of the same name existed before. */
  readonly key: string;
  readonly config: AdapterConfig;
  readonly trainable: boolean;
  /** A fingerprint of its first values; undefined if it doesn't train. */
  readonly origin: string | undefined;
  /** All that trains: one pinned f32 vector, placed by `layout`. Gradients and moments are laid out alike. */
  readonly pool: Value;
  readonly layout: PoolLayout;
  /** The leaves, in PyTorch's sense: the pool itself or views into it, none overlapping with another. */
  readonly leaves: readonly Value[];
  /** The biases and whole modules that train, by the base model's tensor names. */
  readonly tensors: ReadonlyMap<string, TrainedValue>;
  /** The linear modules that it wraps, in the model's order. */
  readonly modules: ReadonlyMap<string, ModuleSize>;
  /** Probability that an input element of its branch is dropped while training. */
  readonly dropout: number;
  /** Other numbers that its results depend on, beside the pool, `dropout` and `frozen`. They go into a run's fingerprint. */
  readonly hyperparameters: Readonly<Record<string, number>>;
  /** Pinned values that its results depend on and that never train. Adapters may share them. */
  readonly frozen: readonly Value[];
  /** Emits into = weight + ΔW of a module; into = ΔW without a weight. `into` (out, in) is a pinned f32 value. No gradient. */
  merge(g: Graph, module: string, weight: Value | undefined, into: Value): void;
  /** The same adapter with another pool of the same layout. */
  withPool(pool: Value): Adapter;
}

/** What dropout masks are drawn from in a pass. */
export interface DropoutSource {
  readonly seed: number;
  /** The step block: it holds step and micro-step. */
  readonly block: Value;
}

export interface LayerOptions {
  /** Modules whose weights have deltas merged into them: no adapter adds to their results. */
  readonly mergedModules: ReadonlySet<string>;
  /** Set in training passes. Without it there is no dropout. */
  readonly source?: DropoutSource | undefined;
}

/** A kind of adapters. Those that act together may share work. */
export interface AdapterKind<A extends Adapter = Adapter> {
  /** PEFT's name for it, as in `config.peft_type`. */
  readonly peft_type: string;
  /** The layers plus what each adapter adds, in order. Gradients flow to the pools that `Graph.train` has marked. */
  layers(g: Graph, base: Layers, adapters: readonly A[], options: LayerOptions): Layers;
  /** For a batch of B rows, each with one of these adapters or none. Left out if the kind can't mix adapters in a batch. */
  rows?(adapters: readonly A[], B: number): RowInputs;
  /** For a run that trains one adapter alone. Left out if the kind trains in `layers` only. */
  trainingLayers?(adapter: A, request: TrainingRequest): TrainingLayers | undefined;
}

/** The kind of adapters that act on one model together; undefined without adapters. */
export function kindOf(adapters: readonly Adapter[]): AdapterKind | undefined {
  const [kind, ...others] = new Set(adapters.map((adapter) => adapter.kind));
  if (others.length === 0) return kind;
  throw new WebVeraError('internal', `Adapters of several kinds on one model: ${adapters.map(({ name }) => name)}`);
}
