import type { AdapterConfig, AdapterConfigFields } from '../../adapters/config/adapter_config';
import { peftTypeOf, withPeftType } from '../../adapters/config/config_rules';
import type { IA3Config } from '../../adapters/ia3/config/ia3_config';
import type { IA3ConfigInit } from '../../adapters/ia3/config/ia3_config_init';
import type { LoraConfig } from '../../adapters/lora/config/lora_config';
import type { LoraConfigInit } from '../../adapters/lora/config/lora_config_init';
import type { UniLoraConfig } from '../../adapters/unilora/config/unilora_config';
import type { UniLoraConfigInit } from '../../adapters/unilora/config/unilora_config_init';
import type { VeraConfig } from '../../adapters/vera/config/vera_config';
import type { VeraConfigInit } from '../../adapters/vera/config/vera_config_init';
import type { AdaptersInfo } from '../../worker/protocol';
import type { ModelParts } from '../models/remote_model';
import type { AdaptedModel } from './adapted_model';
import { type IA3Model, ia3PageKind } from './ia3/ia3_model';
import { type LoraModel, loraPageKind } from './lora/lora_model';
import type { PageKind } from './page_kind';
import { type UniLoraModel, uniloraPageKind } from './unilora/unilora_model';
import { type VeraModel, veraPageKind } from './vera/vera_model';

/**
 * The page's descriptions of all adapter kinds. A configuration without a `peft_type` is of the first kind. The worker's descriptions are
 * in `adapters/adapter_kinds.ts`.
 */
export const PAGE_KINDS: readonly PageKind<AdapterConfig, AdaptedModel>[] = [
  veraPageKind,
  loraPageKind,
  ia3PageKind,
  uniloraPageKind,
];

/** The public types of each adapter kind, by its `peft_type`. */
export interface AdapterTypes {
  readonly VERA: { readonly config: VeraConfig; readonly init: VeraConfigInit; readonly model: VeraModel };
  readonly IA3: { readonly config: IA3Config; readonly init: IA3ConfigInit; readonly model: IA3Model };
  readonly UNILORA: {
    readonly config: UniLoraConfig;
    readonly init: UniLoraConfigInit;
    readonly model: UniLoraModel;
  };
  readonly LORA: { readonly config: LoraConfig; readonly init: LoraConfigInit; readonly model: LoraModel };
}

/** A configuration of any adapter kind, and the fields to make one from. */
export type AnyAdapterConfig = AdapterTypes[keyof AdapterTypes]['config'];
export type AnyAdapterConfigInit = AdapterTypes[keyof AdapterTypes]['init'];
/** A model with adapters of any kind. */
export type AnyAdaptedModel = AdapterTypes[keyof AdapterTypes]['model'];
export type AdaptedModelOf<C extends AnyAdapterConfig> = {
  [K in keyof AdapterTypes]: C extends AdapterTypes[K]['config'] ? AdapterTypes[K]['model'] : never;
}[keyof AdapterTypes];

/**
 * Returns the adapter kind that a configuration's `peft_type` names; if there is no `peft_type`, the first kind. Throws `invalid_argument`
 * for an unknown `peft_type`.
 */
export function pageKindOf({ peft_type }: { readonly peft_type?: unknown }): (typeof PAGE_KINDS)[number] {
  return withPeftType(PAGE_KINDS, peft_type ?? PAGE_KINDS[0]?.Config.rules.peft_type, 'invalid_argument');
}

/** Makes a configuration of the adapter kind that the field `peft_type` names. */
export function configOf(fields: AdapterConfigFields | AnyAdapterConfigInit): AnyAdapterConfig {
  return new (pageKindOf(fields).Config)(fields) as AnyAdapterConfig;
}

/** Makes the configuration from a parsed `adapter_config.json`. Throws `invalid_format` if it is invalid. */
export function configFromJson(json: unknown): AnyAdapterConfig {
  const { Config } = withPeftType(PAGE_KINDS, peftTypeOf(json, PAGE_KINDS), 'invalid_format');
  return Config.from_json(json) as AnyAdapterConfig;
}

/** Makes a model of the class that belongs to its adapters' kind. */
export function adaptedModel(base: ModelParts, info: AdaptersInfo): AnyAdaptedModel {
  const [adapter] = Object.values(info.adapters);
  return pageKindOf(adapter?.config ?? {}).create(base, info) as AnyAdaptedModel;
}
