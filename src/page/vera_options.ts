import { VeraConfig } from '../adapters/config';
import { WebVeraError } from '../core/error';
import type { ProjectionDtype } from '../core/model';
import type { MergeRequest, WeightedAdapter, WireAdapterOptions } from '../worker/protocol';
import { abortSignal, anyBoolean, anyFunction, anyObject, anyString, defined, oneOf, wrong } from './options';
import { pretrainedRules } from './source';

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
  /** The active ones by default. */
  readonly adapter_names?: readonly string[];
  readonly signal?: AbortSignal | undefined;
}

export interface UnloadOptions extends MergeOptions {
  /** Called as weights are merged. */
  readonly progressbar?: (done: number, total: number) => void;
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
export const loadRules = { ...pretrainedRules, ...adapterRules };

export const mergeRules = { safe_merge: anyBoolean, adapter_names: anyObject, signal: abortSignal };

export const unloadRules = { ...mergeRules, progressbar: anyFunction };

export function mergeRequest(what: string, { safe_merge = false, adapter_names }: MergeOptions): MergeRequest {
  return { safe_merge, ...(adapter_names !== undefined && { adapter_names: checkNames(what, adapter_names) }) };
}

export function configFields(config: VeraConfig): VeraConfig {
  if (config instanceof VeraConfig) return { ...config } as VeraConfig;
  throw wrong('config', 'a VeraConfig', config, 'Write new VeraConfig({ … }).');
}

export function wireOptions({ is_trainable, projection_dtype }: AdapterOptions): WireAdapterOptions {
  return defined({ is_trainable, projection_dtype });
}

export function checkName(name: string): string {
  if (anyString.accepts(name)) return name;
  throw wrong('adapter_name', anyString.expected, name);
}

export function checkNames(what: string, names: readonly string[]): readonly string[] {
  if (typeof names === 'string') {
    throw new WebVeraError('invalid_argument', `adapter_names should be a list of strings, got '${names}'.`);
  }
  if (Array.isArray(names) && names.every((name) => anyString.accepts(name))) return [...names];
  throw wrong(`${what}: adapter_names`, 'a list of names', names);
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
