import { WebVeraError } from '../core/error';
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

/** A tensor of the base model that an adapter trains: a part of its pool. */
export interface TrainedValue {
  readonly value: Value;
  /** A bias trains in place of the base's; a module has a copy that comes and goes with the adapter. */
  readonly kind: 'bias' | 'module';
  /** The name by which PEFT saves it. */
  readonly savedKey: string;
}

/** An adapter on a loaded model, of any kind: what running, training, merging and saving need of it. */
export interface Adapter {
  readonly kind: AdapterKind;
  readonly name: string;
  /** Unlike any other adapter's of the session, also of one that had the same name. */
  readonly key: string;
  readonly config: AdapterConfig;
  readonly trainable: boolean;
  /** Of one that trains: a fingerprint of the values that it began with. */
  readonly origin: string | undefined;
  /** All that trains: one pinned one-dimensional f32 buffer, placed by `layout`. Gradients and moments are laid out alike. */
  readonly pool: Value;
  readonly layout: PoolLayout;
  /** The leaves, as PyTorch calls what gradients are by: the pool itself or parts of it, each float in one or none. */
  readonly leaves: readonly Value[];
  /** The biases and whole modules that train, by the base model's tensor names. */
  readonly tensors: ReadonlyMap<string, TrainedValue>;
  /** The modules that it wraps, in the model's order. */
  readonly modules: ReadonlyMap<string, ModuleSize>;
  /** Probability that an input element of its branch is dropped while training. */
  readonly dropout: number;
  /** Numbers that its results depend on beside those of the pool, `dropout` and `frozen`: a run's fingerprint holds them. */
  readonly hyperparameters: Readonly<Record<string, number>>;
  /** Pinned values that its results depend on and that never train. Adapters may share them. */
  readonly frozen: readonly Value[];
  /** Emits into = weight + ΔW of a module, or ΔW alone without a weight: into (out, in) is a pinned f32 value. No gradient. */
  merge(g: Graph, module: string, weight: Value | undefined, into: Value): void;
  /** The same adapter with another pool of the same layout. */
  withPool(pool: Value): Adapter;
}

/** What a pass draws dropout's masks from. */
export interface DropoutSource {
  readonly seed: number;
  /** The step block, which says step and micro-step. */
  readonly block: Value;
}

export interface LayerOptions {
  /** Modules whose weights hold the changes already: nothing is added to them. */
  readonly merged: ReadonlySet<string>;
  /** Set in training passes. Without it nothing is dropped. */
  readonly source?: DropoutSource | undefined;
}

/** What the adapters of one kind do together: they may share work. */
export interface AdapterKind<A extends Adapter = Adapter> {
  /** PEFT's name for it, as in `config.peft_type`. */
  readonly peft_type: string;
  /** The layers with what all the adapters add, in order. Gradients go to their pools where `Graph.train` was told of them. */
  layers(g: Graph, base: Layers, adapters: readonly A[], options: LayerOptions): Layers;
  /** For a batch of B rows that have adapters of their own among these. Left out by a kind that can't mix them. */
  rows?(adapters: readonly A[], B: number): RowInputs;
  /** For a run that trains one adapter alone. Left out by a kind that trains in `layers` alone. */
  trainingLayers?(adapter: A, request: TrainingRequest): TrainingLayers | undefined;
}

/** The kind of adapters that lie over one model together; undefined without any. */
export function kindOf(adapters: readonly Adapter[]): AdapterKind | undefined {
  const [kind, ...others] = new Set(adapters.map((adapter) => adapter.kind));
  if (others.length === 0) return kind;
  throw new WebVeraError('internal', `Adapters of several kinds on one model: ${adapters.map(({ name }) => name)}`);
}
