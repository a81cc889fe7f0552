import { VeraConfig } from '../adapters/config';
import type { AdapterFiles, ParameterCount, ProjectionDtype } from '../core/model';
import type { VeraInfo, WireAdapterOptions } from '../worker/protocol';
import { expectModel, liveHandle, type ModelParts, type PreTrainedModel, partsKey, RemoteModel } from './model';
import { anyBoolean, anyString, checkOptions, defined, oneOf, wrong } from './options';
import {
  type AdapterSource,
  loadOptions,
  onProgress,
  type PretrainedOptions,
  pretrainedRules,
  wireAdapterSource,
} from './source';

export interface AdapterOptions {
  /** 'default' */
  readonly adapter_name?: string;
  /** Whether it trains: true for a new adapter, false for a loaded one, as in PEFT. */
  readonly is_trainable?: boolean;
  /** PEFT rounds A and B to a half-precision base's dtype; ask for that to reproduce such a run. 'float32' */
  readonly projection_dtype?: ProjectionDtype;
}

const adapterRules = {
  adapter_name: anyString,
  is_trainable: anyBoolean,
  projection_dtype: oneOf('float32', 'float16', 'bfloat16'),
};
const loadRules = { ...pretrainedRules, ...adapterRules };

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
  #info: VeraInfo;
  #configs: Readonly<Record<string, VeraConfig>>;
  /** How many `disable_adapter` bodies are running. */
  #disabled = 0;

  /** For this library's own use: see `get_peft_model` and `VeraModel.from_pretrained`. */
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

  /** Activates an adapter, and it alone. Rejects with `invalid_argument` for a name that isn't there. */
  async set_adapter(adapter_name: string): Promise<void> {
    const name = checkName(adapter_name);
    this.#update(await this[partsKey].link.request('setAdapter', liveHandle(this), name));
  }

  /** If it was active, the first one left becomes active, with a warning. */
  async delete_adapter(adapter_name: string): Promise<void> {
    const name = checkName(adapter_name);
    this.#update(await this[partsKey].link.request('deleteAdapter', liveHandle(this), name));
  }

  /** Runs `body` with the base model's behaviour, and puts the adapters back however it ends. Bodies may overlap. */
  async disable_adapter<T>(body: () => Promise<T>): Promise<T> {
    const { link } = this[partsKey];
    const handle = liveHandle(this);
    this.#disabled++;
    try {
      await link.request('enableAdapters', handle, false);
      return await body();
    } finally {
      this.#disabled--;
      if (this.#disabled === 0 && link.state !== 'closed') await link.request('enableAdapters', handle, true);
    }
  }

  /** Numbers of single parameters. Stored projections count as trainable nowhere: they're frozen. */
  get_nb_trainable_parameters(): ParameterCount {
    return this.#info.parameters;
  }

  /**
   * Exactly PEFT's two files, of the active adapter unless another is named. With `id`, also stored on this device
   * under that name, in place of what was there; rejects with `storage_full` or `storage_unavailable` if that fails.
   */
  async save_pretrained(options: { id?: string; adapter_name?: string } = {}): Promise<AdapterFiles> {
    checkOptions('save_pretrained', options, { id: anyString, adapter_name: anyString });
    const { id, adapter_name } = options;
    return this[partsKey].link.request('saveAdapter', liveHandle(this), defined({ id, adapter_name }));
  }

  #update(info: VeraInfo): void {
    this.#info = info;
    this.#configs = configsOf(info);
  }
}

function configsOf(info: VeraInfo): Readonly<Record<string, VeraConfig>> {
  const entries = Object.entries(info.adapters).map(([name, fields]) => [name, new VeraConfig(fields)] as const);
  return Object.freeze(Object.fromEntries(entries));
}

function expectBase(model: PreTrainedModel): ModelParts {
  const base = expectModel(model);
  liveHandle(base);
  if (!(base instanceof VeraModel)) return base[partsKey];
  throw wrong('model', 'a model without adapters', base, 'Add another adapter with add_adapter or load_adapter.');
}

function configFields(config: VeraConfig): VeraConfig {
  if (config instanceof VeraConfig) return { ...config } as VeraConfig;
  throw wrong('config', 'a VeraConfig', config, 'Write new VeraConfig({ … }).');
}

function wireOptions({ is_trainable, projection_dtype }: AdapterOptions): WireAdapterOptions {
  return defined({ is_trainable, projection_dtype });
}

function checkName(name: string): string {
  if (anyString.accepts(name)) return name;
  throw wrong('adapter_name', anyString.expected, name);
}
