import { VeraConfig } from '../../../adapters/vera/config/vera_config';
import { wrong } from '../../../core/errors/wrong';
import type { AdapterFiles } from '../../../core/types/model';
import type { AdaptersInfo } from '../../../worker/protocol';
import { liveHandle, type ModelParts, type PreTrainedModel, partsKey } from '../../models/remote_model';
import type { AdapterSource } from '../../models/source_options';
import { checkOptions } from '../../session/options';
import { anyObject, anyString, oneOf } from '../../session/rules';
import { AdaptedModel } from '../adapted_model';
import type { LoadArguments } from '../adapter_arguments';
import { weightedParts } from '../adapter_options';
import { loadAdapted } from '../load_adapted';
import { madeKey, type PageKind } from '../page_kind';

export interface LoraOptions {
  /** The adapter to convert. Default: the active one. */
  readonly adapter_name?: string;
  /** Adapters to sum, in place of `adapter_name`. */
  readonly adapters?: readonly string[];
  /** The weights of `adapters` in the sum. Default: all 1. */
  readonly weights?: readonly number[];
}

/**
 * A model with VeRA adapters. It computes with the active adapter. Create one with `await get_peft_model(model, config, 'name')` or
 * `from_pretrained`, not with `new`, because creating it takes time.
 *
 * `add_weighted_adapter` sums adapters that have the same A and B and, in each module, the same λ_d or the same λ_b. `save_as_lora({
 * adapters, weights })` sums any adapters.
 */
export class VeraModel extends AdaptedModel<VeraConfig> {
  /** @internal The class's name in error messages. Minifiers rename classes, but don't change this string. */
  static override readonly name = 'VeraModel';

  private constructor(key: typeof partsKey, base: ModelParts, info: AdaptersInfo) {
    super(key, base, info, veraPageKind);
  }

  /** @internal */
  static [madeKey](base: ModelParts, info: AdaptersInfo): VeraModel {
    return new VeraModel(partsKey, base, info);
  }

  /**
   * Adds a saved adapter to a base model, and activates it: `from_pretrained(model, source, options)`, or with PEFT's positional arguments
   * `from_pretrained(model, source, 'name', true)`. Rejects with `invalid_format` for files that aren't a VeRA adapter or don't fit the
   * model, and `not_found` for an id that isn't stored.
   */
  static async from_pretrained(
    model: PreTrainedModel,
    source: AdapterSource,
    ...args: LoadArguments
  ): Promise<VeraModel> {
    const { base, info } = await loadAdapted('VeraModel.from_pretrained', [veraPageKind], model, [source, ...args]);
    return VeraModel[madeKey](base, info);
  }

  /**
   * Converts an adapter to a LoRA adapter that computes exactly the same (lora_A = λ_d⊙A, lora_B = λ_b⊙B, lora_alpha = r), in PEFT's
   * layout, for programs that support only LoRA. An adapter with `use_dora` becomes a LoRA adapter with DoRA. With `adapters` and
   * `weights`, the result equals their weighted sum, and its rank is the sum of their ranks. Rejects with `numerical_error` if a number
   * isn't finite, and with `invalid_argument` for `weights` without `adapters`, and for `adapter_name` together with `adapters`.
   */
  async save_as_lora(options: LoraOptions = {}): Promise<AdapterFiles> {
    checkOptions('save_as_lora', options, { adapter_name: anyString, adapters: anyObject, weights: anyObject });
    const { adapter_name, adapters, weights } = options;
    if (adapters == null && weights != null)
      throw wrong(
        'save_as_lora',
        'adapters for the weights',
        undefined,
        'Name them in one order: { adapters, weights }.',
      );
    if (adapters != null && adapter_name != null)
      throw wrong('save_as_lora', 'adapters or adapter_name', 'both', 'adapter_name is for an adapter alone.');
    const names = adapters ?? (adapter_name === undefined ? undefined : [adapter_name]);
    const parts = names && weightedParts('save_as_lora', names, weights ?? names.map(() => 1));
    return this[partsKey].link.request('saveConverted', liveHandle(this), 'LORA', parts);
  }
}

export const veraPageKind: PageKind<VeraConfig, VeraModel> = {
  Config: VeraConfig,
  layerType: 'vera.Linear',
  modelType: 'VeraModel',
  options: { projection_dtype: oneOf('float32', 'float16', 'bfloat16') },
  profile: {
    defaults: { target_modules: 'all-linear', save_projection: false },
    fixed: ['r', 'projection_prng_key', 'use_dora'],
  },
  learningRates: { continues: 1e-1, classifies: 3e-2 },
  create: (base, info) => VeraModel[madeKey](base, info),
};
