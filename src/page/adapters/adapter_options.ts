import type { AdapterConfigFields } from '../../adapters/config/adapter_config';
import { KindConfig } from '../../adapters/config/kind_config';
import { WebVeraError } from '../../core/errors/error';
import type { ProjectionDtype, SaveDtype } from '../../core/types/model';
import type { LoadAdapterOptions, MergeRequest, WeightedAdapter, WireAdapterOptions } from '../../worker/protocol';
import { loadOptions, type SourceOptions, sourceRules } from '../models/source_options';
import { fromAnotherCopy } from '../session/another_copy';
import { defined, type Rules, wrong } from '../session/options';
import type { Rule } from '../session/rules';
import * as rule from '../session/rules';
import type { PageKind } from './page_kind';

export interface AdapterOptions {
  /** The adapter's name. Default: 'default' */
  readonly adapter_name?: string;
  /** Whether the adapter trains. Default, as in PEFT: true for a new adapter unless it has inference_mode, false for a loaded adapter. */
  readonly is_trainable?: boolean;
  /**
   * The seed of random initial values, for kinds that have them: PEFT draws the same values after `torch.manual_seed(seed)`. Default:
   * derived from the adapter's name.
   */
  readonly seed?: number;
  /**
   * The dtype of A and B. PEFT rounds them to the dtype of a half-precision base model: pass that dtype to reproduce such a run. Default:
   * 'float32'
   */
  readonly projection_dtype?: ProjectionDtype;
}

export interface MergeOptions {
  /** Whether to reject if a merged weight isn't finite. Each merged weight is then read back from the GPU. Default: false */
  readonly safe_merge?: boolean;
  /** The adapters to merge. Default, also for null: the active adapters. */
  readonly adapter_names?: readonly string[] | null;
  readonly signal?: AbortSignal | undefined;
}

export interface UnloadOptions extends MergeOptions {
  /** A function that receives the progress of the merge, or true to log each tenth of it to the console. Default: false */
  readonly progressbar?: boolean | ((done: number, total: number) => void);
}

/** Options of `save_pretrained`. */
export interface SaveOptions {
  /** The name under which the files are also stored on this device. */
  readonly id?: string;
  /** The adapter to save. Default: the active one. */
  readonly adapter_name?: string;
  /** The data type of the trained tensors in the file. Default: 'float32' */
  readonly save_dtype?: SaveDtype;
}

export const saveDtype = rule.oneOf('float32', 'float16');
export const saveRules = { id: rule.anyString, adapter_name: rule.anyString, save_dtype: saveDtype };

/** Returns the rules that check `AdapterOptions`, for adapters of these kinds. */
export function adapterRules(kinds: readonly PageKind[]): Rules<AdapterOptions> {
  return { adapter_name: rule.anyString, is_trainable: rule.anyBoolean, ...ownRules(kinds) } as Rules<AdapterOptions>;
}

/** Returns the rules that check `AdapterOptions` and `SourceOptions`, for adapters of these kinds. */
export function loadRules(kinds: readonly PageKind[]): Rules<SourceOptions & AdapterOptions> {
  return { ...sourceRules, ...adapterRules(kinds) };
}

function ownRules(kinds: readonly PageKind[]): Readonly<Record<string, Rule>> {
  return Object.assign({}, ...kinds.map(({ options }) => options));
}

/** Accepts any value, because `checkNames` reports wrong names with PEFT's error message. */
const someNames: Rule = { expected: 'a list of names', accepts: () => true };

export const mergeRules = { safe_merge: rule.anyBoolean, adapter_names: someNames, signal: rule.abortSignal };

export const unloadRules = { ...mergeRules, progressbar: rule.either(rule.anyBoolean, rule.anyFunction) };

export function mergeRequest(what: string, { safe_merge = false, adapter_names }: MergeOptions): MergeRequest {
  return {
    safe_merge,
    ...(adapter_names !== undefined && adapter_names !== null && { adapter_names: checkNames(what, adapter_names) }),
  };
}

/** Returns a configuration's fields. Throws `invalid_argument` for any other value. `kinds`: the adapter kinds that the error lists. */
export function configFields(config: unknown, kinds: readonly PageKind[]): AdapterConfigFields {
  if (config instanceof KindConfig) return { ...config } as unknown as AdapterConfigFields;
  const names = kinds.map(({ Config }) => Config.rules.name);
  const forms = names.map((name) => `new ${name}({ … })`).join(' or ');
  throw wrong('config', `a ${names.join(' or ')}`, config, fromAnotherCopy(config, ...names) ?? `Write ${forms}.`);
}

export function wireOptions(
  { is_trainable, ...options }: AdapterOptions,
  kinds: readonly PageKind[],
): WireAdapterOptions {
  const rules = ownRules(kinds);
  const own = Object.entries(options).filter(([name, value]) => name in rules && value !== undefined);
  return defined({ is_trainable, own: own.length > 0 ? Object.fromEntries(own) : undefined });
}

export function wireLoad(options: SourceOptions & AdapterOptions, kinds: readonly PageKind[]): LoadAdapterOptions {
  return { ...loadOptions(options), ...wireOptions(options, kinds) };
}

export function checkName(name: unknown, hint = ''): string {
  if (typeof name === 'string' && name !== '') return name;
  throw wrong('adapter_name', rule.anyString.expected, name, hint);
}

/** Returns the checked name. If it is left out or null (PEFT's default), returns undefined, which means the active adapter. */
export function nameOrActive(name: string | null | undefined): string | undefined {
  return name === undefined || name === null ? undefined : checkName(name);
}

export function checkNames(what: string, names: readonly string[]): readonly string[] {
  if (typeof names === 'string') {
    throw new WebVeraError('invalid_argument', `adapter_names should be a list of strings, got '${names}'.`);
  }
  if (Array.isArray(names) && names.every((name) => rule.anyString.accepts(name))) return [...names];
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
