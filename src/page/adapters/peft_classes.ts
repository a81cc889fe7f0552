import { VeraConfig } from '../../adapters/vera/config';
import type { PreTrainedModel } from '../models/model';
import { type AdapterSource, loadOptions, type SourceOptions, sourceRules, wireAdapterSource } from '../models/source';
import { loadCall } from '../rpc/loading';
import { linkOf } from '../session/default_session';
import { notConstructed } from '../session/not_constructed';
import { checkOptions } from '../session/options';
import { type LoadArguments, loadArguments, newAdapterName } from './vera_arguments';
import { expectBase, madeKey, VeraModel } from './vera_model';
import { type AdapterOptions, configFields, wireOptions } from './vera_options';

/**
 * A new VeRA adapter over a model: λ_d starts at `d_initial` and λ_b at 0, so that it changes nothing yet. It is called
 * 'default' unless named. The base model's own results stay as they are. Rejects with `invalid_argument` where the targets
 * match no module.
 */
export async function get_peft_model(
  model: PreTrainedModel,
  config: VeraConfig,
  adapter_name?: string,
  options: AdapterOptions = {},
): Promise<VeraModel> {
  const name = newAdapterName('get_peft_model', adapter_name, options);
  const parts = expectBase(model);
  const fields = configFields(config);
  const info = await parts.link.request('createVera', parts.place.handle, name, fields, wireOptions(options));
  return VeraModel[madeKey](parts, info);
}

/** Saved adapters, of the method that their adapter_config.json names. VeRA is the one there is. */
export class PeftModel {
  /** @internal Its name in messages, which minifiers leave. */
  static readonly name = 'PeftModel';

  private constructor() {
    throw notConstructed('PeftModel');
  }

  /**
   * Puts a saved adapter over a model, and activates it: a `VeraModel` for a `peft_type` of 'VERA'. Takes options, or PEFT's
   * order of arguments: `from_pretrained(model, source, 'name', true)`. Rejects with `invalid_format` for another
   * `peft_type`, which the message names, and for files that are no adapter or don't fit the model; and with `not_found` for
   * an id that isn't stored.
   */
  static async from_pretrained(
    model: PreTrainedModel,
    source: AdapterSource,
    ...args: LoadArguments
  ): Promise<VeraModel> {
    // The worker sees in the file of which method it is, and refuses all but this one.
    return VeraModel.from_pretrained(model, source, loadArguments('PeftModel.from_pretrained', args));
  }

  /** `model instanceof PeftModel` tells whether it has adapters. */
  static [Symbol.hasInstance](model: unknown): model is VeraModel {
    return model instanceof VeraModel;
  }
}

/** The configurations of saved adapters. */
export class PeftConfig {
  /** @internal Its name in messages, which minifiers leave. */
  static readonly name = 'PeftConfig';

  private constructor() {
    throw notConstructed('PeftConfig');
  }

  /**
   * Reads an adapter's adapter_config.json, and nothing else: its `base_model_name_or_path` names the model that it goes
   * with. Gives a `VeraConfig` for a `peft_type` of 'VERA', and rejects with `invalid_format` for another one. The file is
   * somebody's word: look at what it names before you load that.
   */
  static async from_pretrained(source: AdapterSource, options: SourceOptions = {}): Promise<VeraConfig> {
    checkOptions('PeftConfig.from_pretrained', options, sourceRules);
    const from = wireAdapterSource(source);
    const link = await linkOf(options);
    const wire = loadOptions(options);
    const fields = await loadCall(link, options, (call) => link.request('loadConfig', call, from, wire));
    return new VeraConfig(fields);
  }
}
