import type { PreTrainedModel } from '../models/remote_model';
import {
  type AdapterSource,
  loadOptions,
  type SourceOptions,
  sourceRules,
  wireAdapterSource,
} from '../models/source_options';
import { linkOf } from '../session/default_session';
import { checkOptions } from '../session/options';
import { AdaptedModel, expectBase } from './adapted_model';
import { type LoadArguments, newAdapterName, notConstructed } from './adapter_arguments';
import { type AdapterOptions, configFields, wireOptions } from './adapter_options';
import { loadAdapted } from './load_adapted';
import {
  type AdaptedModelOf,
  type AnyAdaptedModel,
  type AnyAdapterConfig,
  adaptedModel,
  configOf,
  PAGE_KINDS,
} from './page_kinds';

/**
 * Adds a new adapter to a base model. The class of `config` decides the adapter's kind. The initial values are those of PEFT, so most kinds
 * don't change the results before training. `adapter_name` is 'default' by default. The results of `model` itself don't change. Rejects
 * with `invalid_argument` if the targets match no module.
 */
export async function get_peft_model<C extends AnyAdapterConfig>(
  model: PreTrainedModel,
  config: C,
  adapter_name?: string,
  options: AdapterOptions = {},
): Promise<AdaptedModelOf<C>> {
  const kinds = PAGE_KINDS.filter(({ Config }) => config instanceof Config);
  const name = newAdapterName('get_peft_model', adapter_name, options, kinds.length === 0 ? PAGE_KINDS : kinds);
  const parts = expectBase(model);
  const fields = configFields(config, PAGE_KINDS);
  const wire = wireOptions(options, kinds);
  const info = await parts.link.request('createAdapters', parts.place.handle, name, fields, wire);
  return adaptedModel(parts, info) as AdaptedModelOf<C>;
}

/** Loads saved adapters, each of the kind that its adapter_config.json names. */
export class PeftModel {
  /** @internal The class's name in error messages. Minifiers rename classes, but don't change this string. */
  static readonly name = 'PeftModel';

  private constructor() {
    throw notConstructed('PeftModel', "await get_peft_model(model, config, 'name')");
  }

  /**
   * Adds a saved adapter to a base model, and activates it. The adapter's `peft_type` decides the class of the returned model. Accepts an
   * options object, or PEFT's positional arguments: `from_pretrained(model, source, 'name', true)`. Rejects with `invalid_format` for an
   * unknown `peft_type`, which the message names, and for files that aren't an adapter or don't fit the model; and with `not_found` for an
   * id that isn't stored.
   */
  static async from_pretrained(
    model: PreTrainedModel,
    source: AdapterSource,
    ...args: LoadArguments
  ): Promise<AnyAdaptedModel> {
    const { base, info } = await loadAdapted('PeftModel.from_pretrained', PAGE_KINDS, model, [source, ...args]);
    return adaptedModel(base, info);
  }

  /** `model instanceof PeftModel` is true for a model with adapters. */
  static [Symbol.hasInstance](model: unknown): model is AdaptedModel {
    return model instanceof AdaptedModel;
  }
}

/** Loads the configurations of saved adapters. */
export class PeftConfig {
  /** @internal The class's name in error messages. Minifiers rename classes, but don't change this string. */
  static readonly name = 'PeftConfig';

  private constructor() {
    const forms = PAGE_KINDS.map(({ Config }) => `new ${Config.rules.name}({ … })`);
    throw notConstructed('PeftConfig', forms.join(' or '));
  }

  /**
   * Reads an adapter's adapter_config.json, and no other file. Its `base_model_name_or_path` names the adapter's base model, and its
   * `peft_type` decides the class. Rejects with `invalid_format` for a `peft_type` that no kind has. The file is untrusted: check the name
   * in it before you load that model.
   */
  static async from_pretrained(source: AdapterSource, options: SourceOptions = {}): Promise<AnyAdapterConfig> {
    checkOptions('PeftConfig.from_pretrained', options, sourceRules);
    const from = wireAdapterSource(source);
    const link = await linkOf(options);
    const wire = loadOptions(options);
    const fields = await link.call((call) => link.request('loadConfig', call, from, wire), options);
    return configOf(fields);
  }
}
