import type { AdapterConfig } from '../../adapters/config/adapter_config';
import type { ConfigClass } from '../../adapters/config/kind_config';
import type { AdaptersInfo } from '../../worker/protocol';
import type { ModelParts } from '../models/remote_model';
import type { Rule } from '../session/rules';

/** The key of the method that constructs a model with adapters, for this library's own use. */
export const madeKey: unique symbol = Symbol('made');

/** The page's description of an adapter kind. */
export interface PageKind<C extends AdapterConfig = AdapterConfig, M = unknown> {
  readonly Config: ConfigClass<C>;
  /** The names of PEFT's classes for a wrapped layer, and for a model with such adapters. */
  readonly layerType: string;
  readonly modelType: string;
  /** Rules for the options of this adapter kind that not all kinds have. */
  readonly options: Readonly<Record<string, Rule>>;
  readonly profile: {
    /** Fields of a new profile's configuration that differ from PEFT's defaults. */
    readonly defaults: Readonly<Record<string, unknown>>;
    /** Configuration fields that must have the same values in a profile's files as in its settings. */
    readonly fixed: readonly string[];
  };
  /**
   * The default `learning_rate` for language models (`continues`) and for classifiers (`classifies`). These rates suit models of all sizes,
   * so they may be lower than the best ones in docs/RESULTS.md, which are for a small model.
   */
  readonly learningRates: { readonly continues: number; readonly classifies: number };
  /** Makes a model with adapters of this kind over a base model. `info`: the worker's description of the adapters. */
  create(base: ModelParts, info: AdaptersInfo): M;
}
