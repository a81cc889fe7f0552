import type { AdapterConfig, AdapterConfigFields } from '../../adapters/config/adapter_config';
import { peftTypeOf, withPeftType } from '../../adapters/config/config_rules';
import type { VeraConfig } from '../../adapters/vera/config/vera_config';
import type { VeraConfigInit } from '../../adapters/vera/config/vera_config_init';
import type { AdaptersInfo } from '../../worker/protocol';
import type { ModelParts } from '../models/model';
import type { AdaptedModel } from './adapted_model';
import { type AdaptedModelClass, kindKey, madeKey, type PageKind } from './page_kind';
import { VeraModel } from './vera/vera_model';

/**
 * The classes of models with adapters, one for each kind. The first kind is that of configurations that name none. The worker has
 * a table of its own, `adapters/kinds.ts`.
 */
export const ADAPTED_MODELS: readonly AdaptedModelClass<AdapterConfig, AdaptedModel>[] = [VeraModel];

/** The public types of each kind, by its `peft_type`. */
export interface AdapterTypes {
  readonly VERA: { readonly config: VeraConfig; readonly init: VeraConfigInit; readonly model: VeraModel };
}

/** A configuration of any kind, and the fields to make one of. */
export type AnyAdapterConfig = AdapterTypes[keyof AdapterTypes]['config'];
export type AnyAdapterConfigInit = AdapterTypes[keyof AdapterTypes]['init'];
/** A model with adapters of any kind, and the one that goes with a configuration. */
export type AnyAdaptedModel = AdapterTypes[keyof AdapterTypes]['model'];
export type AdaptedModelOf<C extends AnyAdapterConfig> = {
  [K in keyof AdapterTypes]: C extends AdapterTypes[K]['config'] ? AdapterTypes[K]['model'] : never;
}[keyof AdapterTypes];

/** All kinds, as the page knows them. */
export function pageKinds(): readonly PageKind[] {
  return ADAPTED_MODELS.map((model) => model[kindKey]);
}

/** The kind that fields of a configuration name; the first one where they name none. Throws `invalid_argument` for another. */
export function pageKindOf(fields: { readonly peft_type?: unknown }): PageKind {
  return classOf(fields)[kindKey];
}

/** A configuration of the kind that the fields name. */
export function configOf(fields: AdapterConfigFields | AnyAdapterConfigInit): AnyAdapterConfig {
  const { Config } = pageKindOf(fields);
  return new Config(fields) as AnyAdapterConfig;
}

/** The configuration in a parsed `adapter_config.json`. Throws `invalid_format`. */
export function configFromJson(json: unknown): AnyAdapterConfig {
  const kinds = pageKinds();
  return withPeftType(kinds, peftTypeOf(json, kinds), 'invalid_format').Config.from_json(json) as AnyAdapterConfig;
}

/** A model of the class that goes with its adapters. */
export function adaptedModel(base: ModelParts, info: AdaptersInfo): AnyAdaptedModel {
  const [adapter] = Object.values(info.adapters);
  return classOf(adapter?.config ?? {})[madeKey](base, info) as AnyAdaptedModel;
}

function classOf({ peft_type }: { readonly peft_type?: unknown }): AdaptedModelClass<AdapterConfig, AdaptedModel> {
  const classes = ADAPTED_MODELS.map((model) => ({ model, Config: model[kindKey].Config }));
  return withPeftType(classes, peft_type ?? classes[0]?.Config.rules.peft_type, 'invalid_argument').model;
}
