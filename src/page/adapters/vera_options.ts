import { VeraConfig } from '../../adapters/vera/config';
import { WebVeraError } from '../../core/errors/error';
import type { ProjectionDtype } from '../../core/types/model';
import type { LoadAdapterOptions, MergeRequest, WeightedAdapter, WireAdapterOptions } from '../../worker/protocol';
import { loadOptions, type SourceOptions, sourceRules } from '../models/source';
import {
  abortSignal,
  anyBoolean,
  anyFunction,
  anyObject,
  anyString,
  checkOptions,
  defined,
  either,
  oneOf,
  type Rule,
  wrong,
} from '../session/options';

export interface AdapterOptions {
  /** 'default' */
  readonly adapter_name?: string;
  /** Whether it trains: true for a new adapter, unless it has inference_mode, and false for a loaded one, as in PEFT. */
  readonly is_trainable?: boolean;
  /** PEFT rounds A and B to a half-precision base's dtype; ask for that to reproduce such a run. 'float32' */
  readonly projection_dtype?: ProjectionDtype;
}

export interface MergeOptions {
  /** Whether results that aren't finite are refused; each weight is then read back. false */
  readonly safe_merge?: boolean;
  /** The active ones by default, or as null. */
  readonly adapter_names?: readonly string[] | null;
  readonly signal?: AbortSignal | undefined;
}

export interface UnloadOptions extends MergeOptions {
  /** A function is called as weights are merged; true tells the console each tenth. false */
  readonly progressbar?: boolean | ((done: number, total: number) => void);
}

export interface LoraOptions {
  /** The active one by default. */
  readonly adapter_name?: string;
  /** Several, to be summed up. */
  readonly adapters?: readonly string[];
  /** Their factors, all 1 by default. */
  readonly weights?: readonly number[];
}

export const adapterRules = {
  adapter_name: anyString,
  is_trainable: anyBoolean,
  projection_dtype: oneOf('float32', 'float16', 'bfloat16'),
};
export const loadRules = { ...sourceRules, ...adapterRules };

/** What they must be PEFT has words of its own for: `checkNames`. */
const someNames: Rule = { expected: 'a list of names', accepts: () => true };

export const mergeRules = { safe_merge: anyBoolean, adapter_names: someNames, signal: abortSignal };

export const unloadRules = { ...mergeRules, progressbar: either(anyBoolean, anyFunction) };

export function mergeRequest(what: string, { safe_merge = false, adapter_names }: MergeOptions): MergeRequest {
  return {
    safe_merge,
    ...(adapter_names !== undefined && adapter_names !== null && { adapter_names: checkNames(what, adapter_names) }),
  };
}

export function configFields(config: VeraConfig): VeraConfig {
  if (config instanceof VeraConfig) return { ...config } as VeraConfig;
  throw wrong('config', 'a VeraConfig', config, 'Write new VeraConfig({ … }).');
}

export function wireOptions({ is_trainable, projection_dtype }: AdapterOptions): WireAdapterOptions {
  return defined({ is_trainable, projection_dtype });
}

export function wireLoad(options: SourceOptions & AdapterOptions): LoadAdapterOptions {
  return { ...loadOptions(options), ...wireOptions(options) };
}

export function checkName(name: unknown, hint = ''): string {
  if (typeof name === 'string' && name !== '') return name;
  throw wrong('adapter_name', anyString.expected, name, hint);
}

/** As null, which is PEFT's default, the active one is meant. */
export function nameOrActive(name: string | null | undefined): string | undefined {
  return name === undefined || name === null ? undefined : checkName(name);
}

export function checkNames(what: string, names: readonly string[]): readonly string[] {
  if (typeof names === 'string') {
    throw new WebVeraError('invalid_argument', `adapter_names should be a list of strings, got '${names}'.`);
  }
  if (Array.isArray(names) && names.every((name) => anyString.accepts(name))) return [...names];
  throw wrong(`${what}: adapter_names`, 'a list of names', names);
}

/** What `save_as_lora` sums up; without any, the active adapter is meant. */
export function loraParts(options: LoraOptions): readonly WeightedAdapter[] | undefined {
  checkOptions('save_as_lora', options, { adapter_name: anyString, adapters: anyObject, weights: anyObject });
  const { adapter_name, adapters, weights } = options;
  const names = adapters ?? (adapter_name === undefined ? undefined : [adapter_name]);
  if (names === undefined) return undefined;
  return weightedParts('save_as_lora', names, weights ?? (adapters === undefined ? [1] : adapters.map(() => 1)));
}

export function weightedParts(
  what: string,
  adapters: readonly string[],
  weights: readonly number[],
): readonly WeightedAdapter[] {
  const names = checkNames(what, adapters);
  if (!Array.isArray(weights) || weights.length !== names.length || !weights.every(Number.isFinite)) {
    throw wrong(`${what}: weights`, `${names.length} finite numbers, one for each adapter`, weights);
  }
  return names.map((adapter_name, index) => ({ adapter_name, weight: weights[index] ?? 0 }));
}
