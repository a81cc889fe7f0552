import { UniLoraConfig } from '../../../adapters/unilora/config/unilora_config';
import type { AdaptersInfo } from '../../../worker/protocol';
import { type ModelParts, type PreTrainedModel, partsKey } from '../../models/remote_model';
import type { AdapterSource } from '../../models/source_options';
import { integer } from '../../session/rules';
import { AdaptedModel } from '../adapted_model';
import type { LoadArguments } from '../adapter_arguments';
import { loadAdapted } from '../load_adapted';
import { madeKey, type PageKind } from '../page_kind';

/**
 * A model with UniLoRA adapters. It computes with the active adapter. Create one with `await get_peft_model(model, config, 'name')` or
 * `from_pretrained`, not with `new`, because creating it takes time.
 *
 * One vector trains for the whole model, so a run trains a single adapter, and all rows of a batch use the same adapter. PEFT has no
 * weighted sums of such adapters.
 */
export class UniLoraModel extends AdaptedModel<UniLoraConfig> {
  /** @internal The class's name in error messages. Minifiers rename classes, but don't change this string. */
  static override readonly name = 'UniLoraModel';

  private constructor(key: typeof partsKey, base: ModelParts, info: AdaptersInfo) {
    super(key, base, info, uniloraPageKind);
  }

  /** @internal */
  static [madeKey](base: ModelParts, info: AdaptersInfo): UniLoraModel {
    return new UniLoraModel(partsKey, base, info);
  }

  /**
   * Adds a saved adapter to a base model, and activates it: `from_pretrained(model, source, options)`, or with PEFT's positional arguments
   * `from_pretrained(model, source, 'name', true)`. Rejects with `invalid_format` for files that aren't a UniLoRA adapter or don't fit the
   * model, and `not_found` for an id that isn't stored.
   */
  static async from_pretrained(
    model: PreTrainedModel,
    source: AdapterSource,
    ...args: LoadArguments
  ): Promise<UniLoraModel> {
    const { base, info } = await loadAdapted('UniLoraModel.from_pretrained', [uniloraPageKind], model, [
      source,
      ...args,
    ]);
    return UniLoraModel[madeKey](base, info);
  }
}

export const uniloraPageKind: PageKind<UniLoraConfig, UniLoraModel> = {
  Config: UniLoraConfig,
  layerType: 'Linear',
  modelType: 'UniLoraModel',
  options: { seed: integer(Number.MIN_SAFE_INTEGER) },
  profile: { defaults: { target_modules: 'all-linear' }, fixed: ['r', 'theta_d_length', 'proj_seed'] },
  learningRates: { continues: 5e-2, classifies: 2e-2 },
  create: (base, info) => UniLoraModel[madeKey](base, info),
};
