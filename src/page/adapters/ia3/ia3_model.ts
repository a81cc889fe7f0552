import { IA3Config } from '../../../adapters/ia3/config/ia3_config';
import type { AdaptersInfo } from '../../../worker/protocol';
import { type ModelParts, type PreTrainedModel, partsKey } from '../../models/remote_model';
import type { AdapterSource } from '../../models/source_options';
import { AdaptedModel } from '../adapted_model';
import type { LoadArguments } from '../adapter_arguments';
import { loadAdapted } from '../load_adapted';
import { madeKey, type PageKind } from '../page_kind';

/**
 * A model with (IA)³ adapters. It computes with the active adapter. Create one with `await get_peft_model(model, config, 'name')` or
 * `from_pretrained`, not with `new`, because creating it takes time.
 *
 * The vectors of several active adapters are multiplied. `add_weighted_adapter` makes an adapter whose vectors are the weighted sum of the
 * others' vectors, as PEFT does. `get_delta_weight` rejects with `invalid_argument`, because the adapter scales a weight instead of adding
 * to it.
 */
export class IA3Model extends AdaptedModel<IA3Config> {
  /** @internal The class's name in error messages. Minifiers rename classes, but don't change this string. */
  static override readonly name = 'IA3Model';

  private constructor(key: typeof partsKey, base: ModelParts, info: AdaptersInfo) {
    super(key, base, info, ia3PageKind);
  }

  /** @internal */
  static [madeKey](base: ModelParts, info: AdaptersInfo): IA3Model {
    return new IA3Model(partsKey, base, info);
  }

  /**
   * Adds a saved adapter to a base model, and activates it: `from_pretrained(model, source, options)`, or with PEFT's positional arguments
   * `from_pretrained(model, source, 'name', true)`. Rejects with `invalid_format` for files that aren't an (IA)³ adapter or don't fit the
   * model, and `not_found` for an id that isn't stored.
   */
  static async from_pretrained(
    model: PreTrainedModel,
    source: AdapterSource,
    ...args: LoadArguments
  ): Promise<IA3Model> {
    const { base, info } = await loadAdapted('IA3Model.from_pretrained', [ia3PageKind], model, [source, ...args]);
    return IA3Model[madeKey](base, info);
  }
}

export const ia3PageKind: PageKind<IA3Config, IA3Model> = {
  Config: IA3Config,
  layerType: 'Linear',
  modelType: 'IA3Model',
  options: {},
  profile: { defaults: {}, fixed: [] },
  learningRates: { continues: 3e-2, classifies: 1e-2 },
  create: (base, info) => IA3Model[madeKey](base, info),
};
