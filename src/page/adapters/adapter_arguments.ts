import { KindConfig } from '../../adapters/config/kind_config';
import { WebVeraError } from '../../core/errors/error';
import type { SourceOptions } from '../models/source_options';
import { checkOptions, defined, type Rules, wrong } from '../session/options';
import { isObject } from '../session/rules';
import {
  type AdapterOptions,
  adapterRules,
  checkName,
  checkNames,
  loadRules,
  type MergeOptions,
  mergeRules,
  type UnloadOptions,
  unloadRules,
} from './adapter_options';

import type { PageKind } from './page_kind';

/** The arguments of `from_pretrained` after model and source: options, or PEFT's positional arguments and options. */
export type LoadArguments =
  | [options?: (SourceOptions & AdapterOptions) | undefined]
  | [
      adapter_name: string | undefined,
      is_trainable?: boolean | undefined,
      options?: (SourceOptions & AdapterOptions) | null | undefined,
    ];

/** The arguments of `load_adapter` after source and name: options, or first `is_trainable` by position, as in PEFT, and then options. */
export type LoadBesideArguments =
  | [options?: (SourceOptions & AdapterOptions) | undefined]
  | [is_trainable: boolean | undefined, options?: (SourceOptions & AdapterOptions) | null | undefined];

/** The arguments of `merge_adapter`: options, or PEFT's positional arguments. null means the active adapters, as in PEFT. */
export type MergeArguments =
  | [options?: MergeOptions | undefined]
  | [adapter_names: readonly string[] | null | undefined, safe_merge?: boolean | undefined];

/** The arguments of `merge_and_unload`: options, or PEFT's positional arguments. */
export type UnloadArguments =
  | [options?: UnloadOptions | undefined]
  | [
      progressbar: UnloadOptions['progressbar'],
      safe_merge?: boolean | undefined,
      adapter_names?: readonly string[] | null | undefined,
    ];

type NamedLoad = SourceOptions & AdapterOptions & { readonly adapter_name: string };

/** Returns the options of `from_pretrained`, including the values of its positional arguments. */
export function loadArguments(what: string, args: LoadArguments, kinds: readonly PageKind[]): NamedLoad {
  const [first, second, third, ...more] = args as readonly unknown[];
  const named = typeof first === 'string' || hasMore(args);
  const options = ((named ? third : first) ?? undefined) as NamedLoad | undefined;
  expectOptions(what, options, loadRules(kinds), "from_pretrained(model, source, 'default', true, { … })", more);
  if (!named) return withName(what, undefined, options);
  return { ...withName(what, first ?? undefined, options), ...trainable(what, second, options) };
}

/** Returns the options of `load_adapter`, including the values of its positional arguments. */
export function loadBesideArguments(
  what: string,
  adapter_name: unknown,
  args: LoadBesideArguments,
  kinds: readonly PageKind[],
): NamedLoad {
  const [first, second, ...more] = args as readonly unknown[];
  const inPlace = typeof first === 'boolean' || hasMore(args);
  const options = ((inPlace ? second : first) ?? undefined) as NamedLoad | undefined;
  expectOptions(what, options, loadRules(kinds), "load_adapter(source, 'name', true, { … })", more);
  const named = withName(what, checkName(adapter_name, NAME_IS_SECOND), options);
  return inPlace ? { ...named, ...trainable(what, first, options) } : named;
}

/** Checks the name and the options that `get_peft_model` or `add_adapter` was given. Returns the name. */
export function newAdapterName(
  what: string,
  adapter_name: unknown,
  options: AdapterOptions | undefined,
  kinds: readonly PageKind[],
): string {
  const form =
    what === 'add_adapter' ? "add_adapter('name', config, { … })" : "get_peft_model(model, config, 'name', { … })";
  const isLeftOut = adapter_name === undefined && what !== 'add_adapter';
  const name = isLeftOut ? undefined : checkName(adapter_name, `Write ${form}.`);
  expectOptions(what, options, adapterRules(kinds), form);
  return withName(what, name, options).adapter_name;
}

/** Returns the options of `merge_adapter`, which may be given in PEFT's order of arguments. */
export function mergeArguments(args: MergeArguments): MergeOptions {
  return named<MergeOptions>('merge_adapter', args, mergeRules, ['adapter_names', 'safe_merge']);
}

/** Returns the options of `merge_and_unload`, which may be given in PEFT's order of arguments. */
export function unloadArguments(args: UnloadArguments): UnloadOptions {
  return named<UnloadOptions>('merge_and_unload', args, unloadRules, ['progressbar', 'safe_merge', 'adapter_names']);
}

/** Returns the options of a call whose arguments are either options, or the values of the options in the order of `names`. */
function named<T extends object>(what: string, args: readonly unknown[], rules: Rules<T>, names: readonly string[]): T {
  const form = `${what}({ ${names.toSorted().toReversed().join(', ')} })`;
  const [first] = args;
  const isInOrder = !isOptions<T>(first, args);
  const options = isInOrder ? (Object.fromEntries(names.map((name, at) => [name, args[at]])) as T) : first;
  expectOptions(what, options, rules, form, args.slice(isInOrder ? names.length : 1));
  return defined(options ?? {}) as T;
}

/** Checks the arguments of `set_adapter`. Returns the adapters' names. */
export function namesToSet(adapter_name: string | readonly string[], inference_mode: unknown): readonly string[] {
  if (inference_mode !== undefined && inference_mode !== false) {
    const hint = 'is_trainable: false, as an adapter is made or loaded, keeps it from training.';
    throw wrong('set_adapter: inference_mode', 'nothing or false', inference_mode, hint);
  }
  return checkNames('set_adapter', typeof adapter_name === 'string' ? [adapter_name] : adapter_name);
}

/** Throws `invalid_argument` unless `disable_adapter` was given a function. In Python, `disable_adapter` is a context manager instead. */
export function expectBody(body: unknown): void {
  if (typeof body === 'function') return;
  throw wrong('disable_adapter', 'a function', body, 'Write await model.disable_adapter(async () => { … }).');
}

/** Makes the error for `new` on a PEFT class that can't be constructed here. `instead`: the code to write instead. */
export function notConstructed(name: string, instead: string): WebVeraError {
  return new WebVeraError('invalid_argument', `There is no new ${name}(…) here`, { hint: `Write ${instead}.` });
}

const NAME_IS_SECOND = "The name is the second: load_adapter(source, 'name').";

/** Whether any argument after the first is given. */
function hasMore([, ...more]: readonly unknown[]): boolean {
  return more.some((value) => value !== undefined);
}

/** Whether the first argument is an object of options, or no arguments are given. */
function isOptions<T extends object>(first: unknown, args: readonly unknown[]): first is T | undefined {
  if (first === undefined) return !hasMore(args);
  return typeof first === 'object' && first !== null && !Array.isArray(first);
}

/**
 * Throws `invalid_argument` for invalid options, and for arguments after them (`more`), because webvera doesn't use PEFT's further
 * arguments.
 */
function expectOptions<T extends object>(
  what: string,
  options: T | undefined,
  rules: Rules<T>,
  form: string,
  more: readonly unknown[] = [],
): void {
  const hint = `Write ${form}. What else PEFT takes there has no use here: PEFT.md tells why.`;
  if (options instanceof KindConfig) {
    throw wrong(what, 'options', options, "The configuration of a saved adapter is read from the adapter's own file.");
  }
  if (options !== undefined && !isObject(options)) {
    throw wrong(`${what}: options`, 'an object', options, hint);
  }
  const extra = more.find((value) => value !== undefined);
  if (extra !== undefined) throw wrong(what, 'no more arguments', extra, hint);
  checkOptions(what, options, rules);
}

/**
 * Returns the options with the adapter's name, which may be an argument or one of the options. Throws `invalid_argument` if the two differ.
 */
function withName<T extends { readonly adapter_name?: string }>(
  what: string,
  inPlace: unknown,
  options: T | undefined,
): T & { readonly adapter_name: string } {
  const given = inPlace === undefined ? undefined : checkName(inPlace);
  const { adapter_name = given ?? 'default' } = options ?? {};
  if (given !== undefined && adapter_name !== given) {
    throw wrong(`${what}: adapter_name`, `one name, as '${given}' is the one before`, adapter_name);
  }
  return { ...(options as T), adapter_name };
}

function trainable(
  what: string,
  inPlace: unknown,
  options: AdapterOptions | undefined,
): { readonly is_trainable?: boolean } {
  if (inPlace === undefined) return {};
  if (typeof inPlace !== 'boolean') throw wrong(`${what}: is_trainable`, 'true or false', inPlace);
  if (options?.is_trainable !== undefined && options.is_trainable !== inPlace) {
    throw wrong(`${what}: is_trainable`, `one value, as ${inPlace} is the one before`, options.is_trainable);
  }
  return { is_trainable: inPlace };
}
