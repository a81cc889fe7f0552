import type { AdapterConfig } from '../../adapters/config/adapter_config';
import type { AdapterFiles, ParameterCount } from '../../core/types/model';
import type { HeadFit } from '../../core/types/prediction';
import type { Tensor } from '../../core/types/tensor';
import type { Dataset, ResolvedTrainingArguments } from '../../core/types/training';
import type { AdaptersInfo, MergeRequest } from '../../worker/protocol';
import { expectModel } from '../models/expect_model';
import { liveHandle, type ModelParts, type PreTrainedModel, partsKey, RemoteModel } from '../models/remote_model';
import { type AdapterSource, wireAdapterSource } from '../models/source_options';
import { expectOwnSession } from '../session/default_session';
import { checkOptions, defined, wrong } from '../session/options';
import { anyString } from '../session/rules';
import {
  expectBody,
  type LoadBesideArguments,
  loadBesideArguments,
  type MergeArguments,
  mergeArguments,
  namesToSet,
  newAdapterName,
  notConstructed,
  type UnloadArguments,
  unloadArguments,
} from './adapter_arguments';
import { type KeptForRun, runKey } from './adapter_keeper';
import {
  type AdapterOptions,
  checkName,
  configFields,
  mergeRequest,
  nameOrActive,
  type SaveOptions,
  saveRules,
  type UnloadOptions,
  weightedParts,
  wireLoad,
  wireOptions,
} from './adapter_options';
import { type LayerStatus, layerStatus, type ModelStatus, modelStatus } from './adapter_status';
import { AdaptersMirror } from './adapters_mirror';
import { type FitHeadOptions, fitHead } from './fit_head';
import type { PageKind } from './page_kind';
import { unloadAdapters } from './unload_adapters';

/** The key of the property that has the training arguments whose defaults depend on the model. For this library's own use. */
export const defaultsKey: unique symbol = Symbol('defaults');

/**
 * A model with adapters of one kind. It computes with the active adapter. Create one with `await get_peft_model(model, config, 'name')` or
 * `PeftModel.from_pretrained`, not with `new`, because creating it takes time.
 *
 * Calls that change a model, and runs and evaluations of a `Trainer`, take effect in the order in which they are made, even if earlier
 * calls weren't awaited. Only `load_adapter` takes effect once its files are read: await it before calls that name its adapter. A run
 * trains the adapters that were active when `train()` was called, whatever changes afterwards. `merge_adapter`, `merge_and_unload`,
 * `unload` and `add_weighted_adapter` wait for earlier runs that train their adapters, and calls made after them wait too. They don't wait
 * for a run that `run.pause()` has paused, but use the run's current values. All other calls act at once: `set_adapter`, `disable_adapter`,
 * `add_adapter` and `load_adapter` change nothing in a run; `delete_adapter` ends the runs that use the adapter, which reject with an
 * `AbortError`; `forward`, `generate`, `get_delta_weight` and `save_pretrained` use the values that a run has between two of its steps. The
 * values may change between the forward passes of one call: `generate` runs a forward pass for each token, and `forward` runs a second one
 * for the loss. `state_dict` and `export_model` may return trained tensors of different steps. Pause the run to get the values of one step.
 */
export abstract class AdaptedModel<C extends AdapterConfig = AdapterConfig> extends RemoteModel {
  readonly #mirror: AdaptersMirror<C>;
  readonly #kind: PageKind<C>;

  /** @internal */
  protected constructor(key: typeof partsKey, base: ModelParts, info: AdaptersInfo, kind: PageKind<C>) {
    if (key !== partsKey) throw notConstructed(kind.modelType, "await get_peft_model(model, config, 'name')");
    const mirror = new AdaptersMirror(base, info, kind.Config);
    super(mirror.parts);
    this.#mirror = mirror;
    this.#kind = kind;
  }

  /** @internal */
  get [defaultsKey](): Pick<ResolvedTrainingArguments, 'learning_rate'> {
    const { continues, classifies } = this.#kind.learningRates;
    return { learning_rate: this[partsKey].info.task.generates ? continues : classifies };
  }

  /** @internal */
  [runKey](trained: readonly string[]): KeptForRun {
    return this.#mirror.beginRun(trained);
  }

  get peft_config(): Readonly<Record<string, C>> {
    return this.#mirror.configs;
  }

  get active_adapters(): readonly string[] {
    return this.#mirror.active;
  }

  /** Adds a new adapter to the model, without activating it. */
  async add_adapter(adapter_name: string, config: C, options: AdapterOptions = {}): Promise<void> {
    const kinds = [this.#kind];
    const name = newAdapterName('add_adapter', adapter_name, options, kinds);
    const fields = configFields(config, kinds);
    const handle = liveHandle(this);
    const wire = wireOptions(options, kinds);
    this.#mirror.update(await this[partsKey].link.request('addAdapter', handle, name, fields, wire));
  }

  /**
   * Adds a saved adapter to the model, without activating it: `load_adapter(source, 'name', options)`, or with PEFT's positional arguments
   * `load_adapter(source, 'name', true)` for an adapter that trains. Takes effect once its files are read.
   */
  async load_adapter(source: AdapterSource, adapter_name: string, ...args: LoadBesideArguments): Promise<void> {
    const kinds = [this.#kind];
    const { adapter_name: name, ...options } = loadBesideArguments('load_adapter', adapter_name, args, kinds);
    const { link } = this[partsKey];
    expectOwnSession('load_adapter', link, options.session);
    const handle = liveHandle(this);
    const [from, wire] = [wireAdapterSource(source), wireLoad(options, kinds)];
    const info = await link.call((call) => link.request('loadAdapter', call, handle, name, from, wire), options);
    this.#mirror.update(info);
  }

  /**
   * Activates one adapter, or several, whose deltas are then added up. All other adapters become inactive. Merged adapters are unmerged
   * first, with a warning. Rejects with `invalid_argument` for an unknown name, and if PEFT's `inference_mode` is true: the option
   * `is_trainable`, given when an adapter is made or loaded, decides whether it trains.
   */
  async set_adapter(adapter_name: string | readonly string[], inference_mode?: false): Promise<void> {
    const names = namesToSet(adapter_name, inference_mode);
    this.#mirror.update(await this[partsKey].link.request('setAdapter', liveHandle(this), names));
  }

  /** Deletes an adapter. If it was active, the first other one becomes active, with a warning. Runs that use it end with `AbortError`. */
  async delete_adapter(adapter_name: string): Promise<void> {
    const name = checkName(adapter_name);
    this.#mirror.update(await this[partsKey].link.request('deleteAdapter', liveHandle(this), name));
  }

  /**
   * Adds the weighted sum of adapters as another adapter, without activating it. The sum is computed as PEFT does for adapters of this
   * kind. For adapter kinds that PEFT can't sum, the new adapter's delta is exactly Σ weights[i] · delta of adapters[i]. Rejects with
   * `invalid_argument` if no adapter of this kind can have that delta. Waits for earlier runs that train one of the adapters, unless they
   * are paused.
   */
  async add_weighted_adapter(
    adapters: readonly string[],
    weights: readonly number[],
    adapter_name: string,
  ): Promise<void> {
    return this.addWeighted(adapters, weights, adapter_name);
  }

  /** @internal Does the same as `add_weighted_adapter`, with options that only some kinds have. */
  protected async addWeighted(
    adapters: readonly string[],
    weights: readonly number[],
    adapter_name: string,
    options: Readonly<Record<string, unknown>> = {},
  ): Promise<void> {
    const parts = weightedParts('add_weighted_adapter', adapters, weights);
    const name = checkName(adapter_name);
    const { link } = this[partsKey];
    this.#mirror.update(await link.request('addWeightedAdapter', liveHandle(this), name, parts, options));
  }

  /**
   * Runs `body` with the base model's behaviour, even if adapters are merged, and enables the adapters again when `body` has resolved or
   * rejected. Calls may overlap. Trained biases stay, with a warning, as in PEFT.
   */
  async disable_adapter<T>(body: () => Promise<T>): Promise<T> {
    expectBody(body);
    return this.#mirror.without(body);
  }

  /**
   * Adds the deltas of the adapters (the active ones by default) to copies of the weights: forward passes then cost as much as those of the
   * base model. With `safe_merge`, rejects if a result isn't finite. If the call rejects, the model is unchanged. Accepts an options
   * object, or PEFT's positional arguments: `merge_adapter(['name'], true)`.
   *
   * Waits for earlier runs that train one of these adapters, so that their results are merged. Doesn't wait for a run that `run.pause()`
   * has paused, but merges its current values. `signal` ends the wait.
   */
  async merge_adapter(...args: MergeArguments): Promise<void> {
    const options = mergeArguments(args);
    const { link } = this[partsKey];
    const handle = liveHandle(this);
    const request = mergeRequest('merge_adapter', options);
    const { signal } = options;
    const info = await link.call((call) => link.request('mergeAdapters', call, handle, request), { signal });
    this.#mirror.update(info);
  }

  /** Unmerges all merged adapters: the weights are then the same as before the merge, bit for bit. */
  async unmerge_adapter(): Promise<void> {
    this.#mirror.update(await this[partsKey].link.request('unmergeAdapters', liveHandle(this)));
  }

  /**
   * Returns a model with the adapters' deltas in its weights, and without adapters. The model with adapters can't be used afterwards. The
   * base model stays as it was, and shares all other weights with the returned model: disposing of one disposes of both. Accepts an options
   * object, or PEFT's positional arguments: `merge_and_unload(true, true, ['name'])`. Waits for all earlier runs of this model, except for
   * paused runs, which end and reject with an `AbortError`.
   */
  async merge_and_unload(...args: UnloadArguments): Promise<PreTrainedModel> {
    const options = unloadArguments(args);
    return this.#unload(mergeRequest('merge_and_unload', options), options);
  }

  /**
   * Returns the model without its adapters and their deltas; trained biases, whole modules, and deltas that are merged stay. The model with
   * adapters can't be used afterwards. Waits for runs as `merge_and_unload` does.
   */
  async unload(): Promise<PreTrainedModel> {
    return this.#unload(undefined, {});
  }

  /** Resolves with the change that an adapter (the active one by default) makes to a module's weight, in that weight's layout. */
  async get_delta_weight(module: string, adapter_name?: string | null): Promise<Tensor> {
    if (!anyString.accepts(module)) throw wrong('get_delta_weight: module', 'the name of a module', module);
    return this[partsKey].link.request('deltaWeight', liveHandle(this), module, nameOrActive(adapter_name));
  }

  /** Returns the adapters of each wrapped module, as PEFT's `get_layer_status` does. */
  get_layer_status(): readonly LayerStatus[] {
    return layerStatus(this.#described());
  }

  /** Returns the adapters of the whole model, as PEFT's `get_model_status` does. */
  get_model_status(): ModelStatus {
    return modelStatus(this.#described());
  }

  /**
   * Returns the number of parameters that train, and the number of all parameters. None train while adapters are disabled. Frozen matrices
   * of adapters don't count.
   */
  get_nb_trainable_parameters(): ParameterCount {
    return this.#mirror.parameters;
  }

  /**
   * Resolves with exactly PEFT's two files of the active adapter, or of the adapter that is named. With `id`, the files are also stored on
   * this device under that id, and replace an earlier adapter of the id; the call rejects with `storage_full` or `storage_unavailable` if
   * that fails. A warning `overwritten` reports that another tab had stored the replaced adapter during this session, after the session
   * last read or stored that id.
   *
   * `save_dtype: 'float16'` halves the trained numbers: they are rounded once, and are float32 again when they are loaded. Frozen
   * matrices stay float32. Rejects with `numerical_error` for a number that isn't finite or that float16 can't represent.
   */
  async save_pretrained(options: SaveOptions = {}): Promise<AdapterFiles> {
    if (typeof options === 'string') {
      throw wrong('save_pretrained', 'an object', options, `Pass { id: '${options}' } to keep it in this browser.`);
    }
    checkOptions('save_pretrained', options, saveRules);
    const { id, adapter_name, save_dtype } = options;
    return this[partsKey].link.request('saveAdapter', liveHandle(this), defined({ id, adapter_name, save_dtype }));
  }

  /**
   * Solves for the last layer of a classifier's head on the features that the model computes from the examples: by logistic regression, or
   * by ridge regression if the model predicts numbers, until it converges, in float64. All layers below the last one stay as they are. With
   * few examples, this is better than short training. It runs one forward pass for each example whose features aren't in this session's
   * memory yet.
   *
   * Rejects with `invalid_argument` if the model isn't a classifier of whole texts or images, if the adapter doesn't train its head, if a
   * run is training the adapter, if several adapters are active or some are merged, and if all examples have the same class; with
   * `numerical_error` for features that aren't finite; with `limit_exceeded` for more than 2²⁵ features in all; and as `Trainer.train` for
   * bad data. If it rejects, the head is unchanged.
   */
  async fit_head(train_dataset: Dataset, options: FitHeadOptions = {}): Promise<HeadFit> {
    return fitHead(this, train_dataset, options);
  }

  /** Disposes of the base model and all models that share it. Does nothing after `unload` or `merge_and_unload`. */
  override async dispose(): Promise<void> {
    if (!this.#mirror.isUnloaded) await super.dispose();
  }

  #described(): Parameters<typeof modelStatus>[0] {
    const { info, isEnabled } = this.#mirror;
    return { info, modules: this.named_modules(), enabled: isEnabled, kind: this.#kind };
  }

  async #unload(merge: MergeRequest | undefined, options: UnloadOptions): Promise<PreTrainedModel> {
    const model = await unloadAdapters(this[partsKey], merge, options);
    this.#mirror.isUnloaded = true;
    return model;
  }
}

/** Returns the `ModelParts` of a model without adapters. Throws `invalid_argument` for any other value. */
export function expectBase(model: PreTrainedModel): ModelParts {
  const base = expectModel(model);
  liveHandle(base);
  if (!(base instanceof AdaptedModel)) return base[partsKey];
  throw wrong('model', 'a model without adapters', base, 'Add another adapter with add_adapter or load_adapter.');
}
