import { LoraConfig } from '../../../adapters/lora/config/lora_config';
import type { AdaptersInfo } from '../../../worker/protocol';
import { type ModelParts, type PreTrainedModel, partsKey } from '../../models/remote_model';
import type { AdapterSource } from '../../models/source_options';
import { checkOptions, defined, wrong } from '../../session/options';
import { integer, isObject, orNull } from '../../session/rules';
import { AdaptedModel } from '../adapted_model';
import type { LoadArguments } from '../adapter_arguments';
import { loadAdapted } from '../load_adapted';
import { madeKey, type PageKind } from '../page_kind';

/** PEFT's options of `LoraModel.add_weighted_adapter`, which decide how adapters are combined. */
export interface CombinationOptions {
  /** How the adapters are combined: see `add_weighted_adapter`. Default: 'svd' */
  readonly combination_type?: 'svd' | 'linear' | 'cat' | undefined;
  /** The rank of the sum by 'svd'. Default: the largest rank of the adapters */
  readonly svd_rank?: number | null | undefined;
}

/** The arguments of `LoraModel.add_weighted_adapter` after the new adapter's name: options, or PEFT's positional arguments. */
export type CombinationArguments =
  | [options?: CombinationOptions | undefined]
  | [combination_type?: CombinationOptions['combination_type'], svd_rank?: number | null | undefined];

/**
 * A model with LoRA adapters. It computes with the active adapter. Create one with `await get_peft_model(model, config, 'name')` or
 * `from_pretrained`, not with `new`, because creating it takes time.
 */
export class LoraModel extends AdaptedModel<LoraConfig> {
  /** @internal The class's name in error messages. Minifiers rename classes, but don't change this string. */
  static override readonly name = 'LoraModel';

  private constructor(key: typeof partsKey, base: ModelParts, info: AdaptersInfo) {
    super(key, base, info, loraPageKind);
  }

  /** @internal */
  static [madeKey](base: ModelParts, info: AdaptersInfo): LoraModel {
    return new LoraModel(partsKey, base, info);
  }

  /**
   * Adds a saved adapter to a base model, and activates it: `from_pretrained(model, source, options)`, or with PEFT's positional arguments
   * `from_pretrained(model, source, 'name', true)`. Rejects with `invalid_format` for files that aren't a LoRA adapter or don't fit the
   * model, and `not_found` for an id that isn't stored.
   */
  static async from_pretrained(
    model: PreTrainedModel,
    source: AdapterSource,
    ...args: LoadArguments
  ): Promise<LoraModel> {
    const { base, info } = await loadAdapted('LoraModel.from_pretrained', [loraPageKind], model, [source, ...args]);
    return LoraModel[madeKey](base, info);
  }

  /**
   * Adds the weighted sum of adapters as another adapter of scale 1, without activating it, by PEFT's `combination_type`. 'svd' (default):
   * the best approximation of rank `svd_rank`, by default the largest rank of the adapters. 'cat': the exact sum; its rank is the sum of
   * the adapters' ranks. 'linear': sums lora_A and lora_B separately, and needs adapters of the same rank. A single adapter is always
   * combined by 'linear'. Accepts an options object, or PEFT's positional arguments: `add_weighted_adapter(adapters, weights, 'name',
   * 'cat')`. Rejects with `invalid_argument` for PEFT's other types, and for adapters that train biases or whole modules. Waits for earlier
   * runs that train one of the adapters, unless they are paused.
   */
  override async add_weighted_adapter(
    adapters: readonly string[],
    weights: readonly number[],
    adapter_name: string,
    ...how: CombinationArguments
  ): Promise<void> {
    return this.addWeighted(adapters, weights, adapter_name, combinationOptions(how));
  }
}

const combinationRules = {
  // The worker checks this value, so that errors have PEFT's messages.
  combination_type: { expected: '', accepts: () => true },
  svd_rank: orNull(integer(1, 2 ** 20)),
};

/** Returns the options of `add_weighted_adapter`, including the values of its positional arguments. */
function combinationOptions(how: CombinationArguments): Readonly<Record<string, unknown>> {
  const what = 'add_weighted_adapter';
  const [first, second, ...others] = how as readonly unknown[];
  const isNamed = isObject(first) && !Array.isArray(first);
  const options = (isNamed ? first : { combination_type: first, svd_rank: second }) as CombinationOptions;
  const extra = (isNamed ? [second, ...others] : others).find((value) => value !== undefined);
  if (extra !== undefined) {
    throw wrong(what, 'no more arguments', extra, "PEFT's others are for ways that aren't built.");
  }
  checkOptions(what, options, combinationRules);
  return defined(options);
}

export const loraPageKind: PageKind<LoraConfig, LoraModel> = {
  Config: LoraConfig,
  layerType: 'lora.Linear',
  modelType: 'LoraModel',
  options: { seed: integer(Number.MIN_SAFE_INTEGER) },
  profile: {
    defaults: { target_modules: 'all-linear' },
    fixed: ['r', 'lora_alpha', 'use_rslora', 'use_dora'],
  },
  learningRates: { continues: 3e-3, classifies: 1e-3 },
  create: (base, info) => LoraModel[madeKey](base, info),
};
