import { VeraConfig } from '../adapters/config';
import type { AdapterFiles, ParameterCount } from '../core/model';
import type { Tensor } from '../core/tensor';
import type { MergeRequest, VeraInfo } from '../worker/protocol';
import { expectModel, liveHandle, type ModelParts, type PreTrainedModel, partsKey, RemoteModel } from './model';
import { anyObject, anyString, checkOptions, defined, wrong } from './options';
import { type AdapterSource, loadOptions, onProgress, type PretrainedOptions, wireAdapterSource } from './source';
import {
  type AdapterOptions,
  adapterRules,
  checkName,
  checkNames,
  configFields,
  type LoraOptions,
  loadRules,
  type MergeOptions,
  mergeRequest,
  mergeRules,
  type UnloadOptions,
  unloadRules,
  weightedParts,
  wireOptions,
} from './vera_options';
import { type LayerStatus, layerStatus, type ModelStatus, modelStatus } from './vera_status';

/**
 * A new VeRA adapter over a model: λ_d starts at `d_initial` and λ_b at 0, so that it changes nothing yet. The base
 * model's own results stay as they are. Rejects with `invalid_argument` where the targets match no module.
 */
export async function get_peft_model(
  model: PreTrainedModel,
  config: VeraConfig,
  adapter_name = 'default',
  options: AdapterOptions = {},
): Promise<VeraModel> {
  checkOptions('get_peft_model', options, adapterRules);
  const parts = expectBase(model);
  const name = checkName(options.adapter_name ?? adapter_name);
  const fields = configFields(config);
  const info = await parts.link.request('createVera', parts.handle, name, fields, wireOptions(options));
  return new VeraModel(parts, info);
}

/** A model with VeRA adapters. Everything a model does, it does with the active adapter. */
export class VeraModel extends RemoteModel {
  /** @internal Its name in messages, which minifiers leave. */
  static override readonly name = 'VeraModel';

  #info: VeraInfo;
  #configs: Readonly<Record<string, VeraConfig>>;
  /** Set once the model has lost its adapters to `unload` or `merge_and_unload`. */
  #unloaded = false;
  /** How many `disable_adapter` bodies are running. */
  #disabled = 0;

  /** @internal For this library's own use: see `get_peft_model` and `VeraModel.from_pretrained`. */
  constructor(base: ModelParts, info: VeraInfo) {
    super({ ...base, handle: info.model });
    this.#info = info;
    this.#configs = configsOf(info);
  }

  /**
   * Puts a saved adapter over a model, and activates it. Rejects with `invalid_format` for files that are no VeRA adapter
   * or don't fit the model, and `not_found` for an id that isn't stored.
   */
  static async from_pretrained(
    model: PreTrainedModel,
    source: AdapterSource,
    options: PretrainedOptions & AdapterOptions = {},
  ): Promise<VeraModel> {
    checkOptions('VeraModel.from_pretrained', options, loadRules);
    const parts = expectBase(model);
    const { link, handle } = parts;
    const name = checkName(options.adapter_name ?? 'default');
    const from = wireAdapterSource(source);
    const wire = { ...loadOptions(options), ...wireOptions(options) };
    const info = await link.call((call) => link.request('loadVera', call, handle, name, from, wire), {
      signal: options.signal,
      onEvent: onProgress(options),
      discard: (late) => link.request('dropVera', late.model),
    });
    return new VeraModel(parts, info);
  }

  get peft_config(): Readonly<Record<string, VeraConfig>> {
    return this.#configs;
  }

  get active_adapters(): readonly string[] {
    return this.#info.active;
  }

  /** Adds a new adapter beside the others, without activating it. */
  async add_adapter(adapter_name: string, config: VeraConfig, options: AdapterOptions = {}): Promise<void> {
    checkOptions('add_adapter', options, adapterRules);
    const name = checkName(adapter_name);
    const fields = configFields(config);
    const handle = liveHandle(this);
    this.#update(await this[partsKey].link.request('addAdapter', handle, name, fields, wireOptions(options)));
  }

  /** Adds a saved adapter beside the others, without activating it. */
  async load_adapter(
    source: AdapterSource,
    adapter_name: string,
    options: PretrainedOptions & AdapterOptions = {},
  ): Promise<void> {
    checkOptions('load_adapter', options, loadRules);
    const { link } = this[partsKey];
    const handle = liveHandle(this);
    const name = checkName(adapter_name);
    const from = wireAdapterSource(source);
    const wire = { ...loadOptions(options), ...wireOptions(options) };
    const info = await link.call((call) => link.request('loadAdapter', call, handle, name, from, wire), {
      signal: options.signal,
      onEvent: onProgress(options),
      discard: async () => this.#update(await link.request('deleteAdapter', handle, name)),
    });
    this.#update(info);
  }

  /**
   * Activates an adapter, or several whose deltas then add, and no others. Merged adapters are unmerged first, with a
   * warning. Rejects with `invalid_argument` for a name that isn't there.
   */
  async set_adapter(adapter_name: string | readonly string[]): Promise<void> {
    const names = typeof adapter_name === 'string' ? [adapter_name] : adapter_name;
    const checked = checkNames('set_adapter', names);
    this.#update(await this[partsKey].link.request('setAdapter', liveHandle(this), checked));
  }

  /** If it was active, the first one left becomes active, with a warning. */
  async delete_adapter(adapter_name: string): Promise<void> {
    const name = checkName(adapter_name);
    this.#update(await this[partsKey].link.request('deleteAdapter', liveHandle(this), name));
  }

  /**
   * Adds an adapter whose delta is Σ weights[i] · delta of adapters[i], exactly. That takes adapters that share A and B
   * and, in each module, λ_d or λ_b; others are refused with `invalid_argument`: `save_as_lora({ adapters, weights })`
   * gives their sum. It isn't activated.
   */
  async add_weighted_adapter(
    adapters: readonly string[],
    weights: readonly number[],
    adapter_name: string,
  ): Promise<void> {
    const name = checkName(adapter_name);
    const parts = weightedParts('add_weighted_adapter', adapters, weights);
    this.#update(await this[partsKey].link.request('addWeightedAdapter', liveHandle(this), name, parts));
  }

  /**
   * Runs `body` with the base model's behaviour, merged weights put aside, and brings everything back however it ends.
   * Bodies may overlap. Trained biases stay, with a warning, as in PEFT.
   */
  async disable_adapter<T>(body: () => Promise<T>): Promise<T> {
    const { link } = this[partsKey];
    const handle = liveHandle(this);
    this.#disabled++;
    try {
      await link.request('enableAdapters', handle, false);
      return await body();
    } finally {
      this.#disabled--;
      if (this.#disabled === 0 && this.#isLive) await link.request('enableAdapters', handle, true);
    }
  }

  /**
   * Adds the deltas of the adapters (the active ones by default) to copies of the weights: passes then cost what the base
   * model's cost. `safe_merge` refuses results that aren't finite. Whatever fails, nothing has changed.
   */
  async merge_adapter(options: MergeOptions = {}): Promise<void> {
    checkOptions('merge_adapter', options, mergeRules);
    const { link } = this[partsKey];
    const handle = liveHandle(this);
    const request = mergeRequest('merge_adapter', options);
    const { signal } = options;
    const info = await link.call((call) => link.request('mergeAdapters', call, handle, request), { signal });
    this.#update(info);
  }

  /** Takes all merged adapters out again: the weights are as they were, bit for bit. */
  async unmerge_adapter(): Promise<void> {
    this.#update(await this[partsKey].link.request('unmergeAdapters', liveHandle(this)));
  }

  /**
   * The model with the adapters' deltas in its weights, and without adapters. This model is then no more; the base model
   * lives on as it was and shares the other weights: disposing of one disposes of both.
   */
  async merge_and_unload(options: UnloadOptions = {}): Promise<PreTrainedModel> {
    checkOptions('merge_and_unload', options, unloadRules);
    return this.#unload(mergeRequest('merge_and_unload', options), options);
  }

  /** The model without its adapters and their deltas; trained biases and whole modules stay. This model is then no more. */
  async unload(): Promise<PreTrainedModel> {
    return this.#unload(undefined, {});
  }

  /** The change that an adapter (the active one by default) makes to a module's weight, in that weight's layout. */
  async get_delta_weight(module: string, adapter_name?: string): Promise<Tensor> {
    if (!anyString.accepts(module)) throw wrong('get_delta_weight: module', 'the name of a module', module);
    const name = adapter_name === undefined ? undefined : checkName(adapter_name);
    return this[partsKey].link.request('deltaWeight', liveHandle(this), module, name);
  }

  /** What each wrapped module has, as PEFT's `get_layer_status` tells it. */
  get_layer_status(): readonly LayerStatus[] {
    return layerStatus(this.#info, this.named_modules(), this.#disabled === 0);
  }

  /** What the whole model has, as PEFT's `get_model_status` tells it. */
  get_model_status(): ModelStatus {
    return modelStatus(this.#info, this.named_modules(), this.#disabled === 0);
  }

  /** Numbers of single parameters; none train while adapters are disabled. Projections count nowhere: they're frozen. */
  get_nb_trainable_parameters(): ParameterCount {
    const { trainable, all } = this.#info.parameters;
    return { trainable: this.#disabled === 0 ? trainable : 0, all };
  }

  /**
   * Exactly PEFT's two files, of the active adapter unless another is named. With `id`, also stored on this device
   * under that name, in place of what was there; rejects with `storage_full` or `storage_unavailable` if that fails.
   */
  async save_pretrained(options: { id?: string; adapter_name?: string } = {}): Promise<AdapterFiles> {
    if (typeof options === 'string') {
      throw wrong('save_pretrained', 'an object', options, `Pass { id: '${options}' } to keep it in this browser.`);
    }
    checkOptions('save_pretrained', options, { id: anyString, adapter_name: anyString });
    const { id, adapter_name } = options;
    return this[partsKey].link.request('saveAdapter', liveHandle(this), defined({ id, adapter_name }));
  }

  /** Frees the base model and all that stands on it. Once unloaded, there is nothing left to free. */
  override async dispose(): Promise<void> {
    if (!this.#unloaded) await super.dispose();
  }

  /**
   * A LoRA that computes exactly what the adapter does (lora_A = λ_d⊙A, lora_B = λ_b⊙B, lora_alpha = r), in PEFT's layout,
   * for programs that know only LoRA. With `adapters` and `weights`, that of their weighted sum; its rank is the sum of
   * theirs.
   */
  async save_as_lora(options: LoraOptions = {}): Promise<AdapterFiles> {
    const { adapter_name, adapters, weights } = options;
    checkOptions('save_as_lora', options, { adapter_name: anyString, adapters: anyObject, weights: anyObject });
    const names = adapters ?? (adapter_name === undefined ? undefined : [adapter_name]);
    const parts =
      names && weightedParts('save_as_lora', names, weights ?? (adapters === undefined ? [1] : adapters.map(() => 1)));
    return this[partsKey].link.request('saveLora', liveHandle(this), parts);
  }

  /** Whether its session still knows it. */
  get #isLive(): boolean {
    const { link, life } = this[partsKey];
    return link.state !== 'closed' && !life.disposed && !this.#unloaded;
  }

  async #unload(merge: MergeRequest | undefined, { progressbar, signal }: UnloadOptions): Promise<PreTrainedModel> {
    const { link, life, tokenizer } = this[partsKey];
    const handle = liveHandle(this);
    const info = await link.call((call) => link.request('unloadVera', call, handle, merge), {
      signal,
      onEvent: (event) => {
        if (event.type === 'merge') progressbar?.(event.done, event.total);
      },
    });
    this.#unloaded = true;
    return new RemoteModel({ link, handle: info.model, info, tokenizer, life });
  }

  #update(info: VeraInfo): void {
    this.#info = info;
    this.#configs = configsOf(info);
  }
}

function configsOf(info: VeraInfo): Readonly<Record<string, VeraConfig>> {
  const entries = Object.entries(info.adapters).map(([name, { config }]) => [name, new VeraConfig(config)] as const);
  return Object.freeze(Object.fromEntries(entries));
}

function expectBase(model: PreTrainedModel): ModelParts {
  const base = expectModel(model);
  liveHandle(base);
  if (!(base instanceof VeraModel)) return base[partsKey];
  throw wrong('model', 'a model without adapters', base, 'Add another adapter with add_adapter or load_adapter.');
}
