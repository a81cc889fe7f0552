import { WebVeraError } from '../core/errors/error';
import type { Warn } from '../core/errors/warning';
import type { AnyKernel } from '../core/kernels/kernel';
import type { Tensor } from '../core/types/tensor';
import type { Graph } from '../graph/graph';
import type { Runner } from '../graph/runner';
import { type Value, viewOf } from '../graph/value';
import type { Architecture } from '../models/architecture';
import type { Layers } from '../models/layers';
import type { MixedPools } from '../ops/mixed/mixed_pools';
import type { AdapterConfig } from './config/adapter_config';
import type { ConfigClass } from './config/kind_config';
import type { AdapterTensors, FileRules, StoredShapes } from './files/adapter_tensors';
import type { AdapterBytes } from './files/write_adapter';
import type { DropoutSource } from './layers/branch_dropout';
import type { RowInputs } from './layers/row_inputs';
import type { TrainingLayers, TrainingRequest } from './layers/training_layers';
import type { PoolLayout } from './pool/pool_layout';
import type { TrainedTensor } from './pool/trained_tensors';

/** The sizes of a wrapped module's input and output. */
export interface ModuleSize {
  readonly in_features: number;
  readonly out_features: number;
}

/** An adapter's configuration applied to a model. It is computed once, before the adapter has values. */
export interface ResolvedAdapter<C extends AdapterConfig = AdapterConfig> {
  /**
   * The configuration with its fields as PEFT sets them for the model: targets resolved, `fan_in_fan_out` and `modules_to_save` corrected.
   */
  readonly config: C;
  /** The linear modules that the adapter wraps, in the model's order. */
  readonly modules: ReadonlyMap<string, ModuleSize>;
  /** The base model's tensors that train: biases and whole modules. */
  readonly trained: readonly TrainedTensor[];
  /** The offsets of the adapter's own parameters and of the `trained` tensors in its pool. */
  readonly layout: PoolLayout;
}

/** A trained tensor that replaces a tensor of the base model. It is part of the adapter's pool. */
export interface TrainedValue {
  readonly value: Value;
  /** `bias`: replaces the base model's bias even if the adapter is inactive. `module`: replaces a tensor only while it is active. */
  readonly kind: 'bias' | 'module';
  /** The name under which PEFT saves the tensor. */
  readonly savedKey: string;
  /** The name in PEFT of the module in `modules_to_save`, if the tensor belongs to one of its submodules. */
  readonly root?: string;
}

/** An adapter of any kind on a loaded model, with the members that inference, training, merging and saving need. */
export abstract class Adapter<R extends ResolvedAdapter = ResolvedAdapter, F = unknown> {
  readonly kind: AdapterKind;
  readonly name: string;
  /** An identifier that is unique in the session, even if an adapter of the same name existed before. */
  readonly key: string;
  readonly trainable: boolean;
  /** A fingerprint of the adapter's initial values; undefined if the adapter doesn't train. */
  readonly origin: string | undefined;
  /** All trained values, in one pinned f32 vector arranged by `layout`. Gradients and optimiser moments have the same layout. */
  readonly pool: Value;
  readonly config: R['config'];
  readonly layout: R['layout'];
  /** The linear modules that the adapter wraps, in the model's order. */
  readonly modules: ReadonlyMap<string, ModuleSize>;
  /** The biases and whole modules that train, by the base model's tensor names. */
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

  /**
   * The leaves, in PyTorch's sense: the values that get gradients. By default, they are the whole pool, for the adapter's own parameters,
   * and a view into the pool for each trained tensor of the base model. A kind whose kernels bind parameters one by one has only views.
   */
  get leaves(): readonly Value[] {
    return [this.pool, ...[...this.tensors.values()].map(({ value }) => value)];
  }

  /** The probability with which dropout zeroes an input element of the adapter's branch during training. */
  get dropout(): number {
    return 0;
  }

  /** Pinned values that the results depend on and that never train, by the names that PEFT saves them under. Adapters may share them. */
  get frozen(): ReadonlyMap<string, Value> {
    return new Map();
  }

  /** The options that only this adapter kind has, with which the adapter was created. */
  get options(): KindOptions {
    return {};
  }

  /** Numbers that the results depend on, besides `dropout` and the values in `pool` and `frozen`. A run's fingerprint includes them. */
  abstract get hyperparameters(): Readonly<Record<string, number>>;
  /**
   * Emits `into = weight + ΔW` for a module, or `into = ΔW` if no weight is given. `into` (out, in) is a pinned f32 value. `base` is the
   * model's own weight, if `weight` has other adapters merged into it. Declares no gradient.
   */
  abstract merge(g: Graph, module: string, weight: Value | undefined, into: Value, base?: Value): void;

  /** Whether merging changes the bias of a module, if it has one. */
  changesBias(_module: string): boolean {
    return false;
  }

  /** Emits the changed bias of a module for which `changesBias` returns true. `into` (out) is a pinned f32 value. Declares no gradient. */
  mergeBias(_g: Graph, module: string, _bias: Value, _into: Value): void {
    throw new WebVeraError('internal', `${this.name} doesn't change the bias of ${module}`);
  }

  /** PEFT's error message if the adapter can't share a batch with other adapters; undefined if it can. */
  get notMixed(): string | undefined {
    return undefined;
  }

  /** The feature of the adapter that PEFT lacks, for messages; undefined if PEFT can train such an adapter. */
  get notInPeft(): string | undefined {
    return undefined;
  }

  /** Returns a copy of the adapter that uses `pool`, which has the same layout, instead of this adapter's pool. */
  abstract withPool(pool: Value): Adapter;
}

export interface LayerOptions {
  /** The modules with merged weights. The adapters don't change the results of these modules. */
  readonly mergedModules: ReadonlySet<string>;
  /** The seed and the step of dropout masks, in training passes; undefined for passes without dropout. */
  readonly source?: DropoutSource | undefined;
}

/** Options that only some adapter kinds have, by name. */
export type KindOptions = Readonly<Record<string, unknown>>;

/** The constructor's arguments for an adapter on a device. */
export interface AdapterParts<R extends ResolvedAdapter = ResolvedAdapter, F = unknown>
  extends Pick<Adapter, 'kind' | 'name' | 'key' | 'trainable' | 'origin'> {
  readonly resolved: R;
  /** All trained values, in one pinned f32 vector arranged by the resolved layout. */
  readonly pool: Value;
  /** The adapter's frozen values, from the `FrozenPool` of its kind; undefined for a kind that has none. */
  readonly frozen: F;
}

/** A request for the frozen values of an adapter that is being loaded onto a device. */
export interface FrozenRequest<R extends ResolvedAdapter = ResolvedAdapter> {
  readonly resolved: R;
  readonly options: KindOptions;
  /** The frozen tensors in the saved adapter, by name: an empty map if it has none, undefined for a new adapter. */
  readonly stored: ReadonlyMap<string, Tensor> | undefined;
  /** The adapters that the model already has. */
  readonly others: readonly Adapter[];
  readonly warn?: Warn | undefined;
}

/** The frozen values on one device, which adapters of the same kind may share. */
export interface FrozenPool<R extends ResolvedAdapter = ResolvedAdapter, F = unknown> {
  /** Allocates the adapter's frozen values, or shares those of another adapter. Each call needs one call of `release`. */
  acquire(request: FrozenRequest<R>): Promise<F>;
  release(frozen: F): void;
}

/** How an adapter kind creates and saves values that never train. Only kinds with such values have these rules. */
export interface FrozenRules<R extends ResolvedAdapter = ResolvedAdapter, F = unknown> {
  /** `onDraw` is called before random numbers are drawn, with their count: drawing them blocks the thread. */
  pool(runner: Runner, onDraw: (numbers: number) => void): FrozenPool<R, F>;
  /** Returns the adapter's frozen values without allocating GPU memory, for planning. */
  planned(resolved: R): F;
  /** Whether the files of an adapter with this configuration hold its frozen values. */
  areSaved(config: R['config']): boolean;
  /** Returns the configuration to write to files, so that PEFT has the same frozen tensors on another machine. */
  portable(config: R['config'], frozen: ReadonlyMap<string, Tensor>): R['config'];
}

/** One adapter in a weighted sum, with its weight. */
export interface SumPart<C extends AdapterConfig = AdapterConfig> {
  readonly weight: number;
  readonly config: C;
  readonly modules: ReadonlyMap<string, ModuleSize>;
  /** The adapter's tensors, including all frozen tensors, even those that its files don't contain. */
  readonly tensors: AdapterTensors;
}

/** The adapter that results from a weighted sum. */
export interface WeightedSum<C extends AdapterConfig = AdapterConfig> {
  readonly config: C;
  readonly tensors: AdapterTensors;
}

/**
 * An adapter kind: everything that differs between PEFT's methods. Adapters of one kind that are active together may share dispatches.
 */
export interface AdapterKind<A extends Adapter = Adapter, R extends ResolvedAdapter = ResolvedAdapter, F = unknown> {
  /** The class of the kind's configurations, with PEFT's fields, defaults and messages. */
  readonly Config: ConfigClass<R['config']>;
  /** The class in PEFT that wraps models, as PEFT's messages name it. */
  readonly tuner: string;
  /** Finds the modules to adapt, and lays out the pool. `later`: whether the model already has an adapter. Throws PEFT's errors. */
  resolve(
    config: R['config'],
    model: Architecture,
    context: { readonly later: boolean; readonly warn?: Warn | undefined },
  ): R;
  /** Returns the pool's initial values as in PEFT, with 0 for tensors of the base model and padding. */
  initial(resolved: R, seed: number): Float32Array<ArrayBuffer>;
  /** Emits dispatches that compute the initial values that depend on the model's weights. Left out if there are no such values. */
  begin?(g: Graph, adapter: A, weightOf: (module: string) => Value): void;
  /** Functions that load the parts of the kind's code that are imported only on demand. Left out if there are no such parts. */
  readonly lateCode?: readonly (() => Promise<unknown>)[];
  /** The rules for values that never train. Left out if all values of the kind's adapters train. */
  readonly frozen?: FrozenRules<R, F>;
  /** Creates an adapter. */
  create(parts: AdapterParts<R, F>): A;

  /**
   * Returns layers that apply each adapter's change to the base's results, in order. Gradients flow to the pools that `Graph.train` has
   * marked.
   */
  layers(g: Graph, base: Layers, adapters: readonly A[], options: LayerOptions): Layers;
  /**
   * Returns the values and layers for a batch of B rows, each with one of these adapters or none. Left out if the kind can't mix adapters
   * in a batch.
   */
  rows?(adapters: readonly A[], B: number): RowInputs;
  /**
   * Returns the layers of a run that trains several adapters of one layout, each on its own rows. Gradients flow to `rows.table`.
   * Left out if the kind can't train in this way.
   */
  rowLayers?(g: Graph, base: Layers, adapters: readonly A[], rows: MixedPools): Layers;
  /** Returns the layers of a run that trains one adapter alone; undefined if the run uses `layers`. Left out if all runs use `layers`. */
  trainingLayers?(adapter: A, request: TrainingRequest): TrainingLayers | undefined;

  /** The kind's own kernels that have more than one variant to choose from. Left out if it has none. */
  tunableKernels?(): readonly AnyKernel[];

  /** The name of a parameter in torch's `state_dict()`. PEFT saves it without the adapter's name. */
  parameterName(saved: string, adapter: string): string;
  /** The name in torch's `named_parameters()` of a parameter that all modules share. Left out if modules share no parameter. */
  sharedParameterName?(adapter: string, modules: ReadonlyMap<string, ModuleSize>): string;
  /** Returns the rules for the files of an adapter with this configuration. */
  file(resolved: R): FileRules;
  /**
   * Checks the shapes of a file's tensors by the configuration alone, without a model. Returns the names of the adapter's own tensors,
   * which the base model doesn't have. Throws `invalid_format`.
   */
  checkFile(config: R['config'], stored: StoredShapes): ReadonlySet<string>;

  /**
   * Computes the weighted sum as PEFT sums adapters of the kind. If PEFT can't sum them, the result is the adapter whose ΔW is Σ weight·ΔW.
   * Throws `invalid_argument` if there is no such adapter. May pause for other work; throws the signal's reason if the signal is aborted.
   * Left out if the kind has no sums.
   */
  sum?(
    parts: readonly SumPart<R['config']>[],
    options: KindOptions,
    signal?: AbortSignal,
  ): WeightedSum<R['config']> | Promise<WeightedSum<R['config']>>;
  /**
   * Returns the files of an adapter of the kind `peft_type` whose ΔW is Σ weight·ΔW; undefined if that kind can't compute it. For a
   * single adapter of weight 1, they also contain its trained biases and modules. Calls `announce` with the number of values that are about
   * to be computed without a pause. Left out if adapters of the kind can't be converted to any other.
   */
  convert?(
    peft_type: string,
    parts: readonly SumPart<R['config']>[],
    announce?: (numbers: number) => void,
  ): Promise<AdapterBytes | undefined>;
}

/** Returns the common kind of adapters that act on one model together; undefined without adapters. Throws `internal` if kinds differ. */
export function kindOf(adapters: readonly Adapter[]): AdapterKind | undefined {
  const [kind, ...others] = new Set(adapters.map((adapter) => adapter.kind));
  if (others.length === 0) return kind;
  throw new WebVeraError('internal', `Adapters of several kinds on one model: ${adapters.map(({ name }) => name)}`);
}
