import { WebVeraError } from '../../core/errors/error';
import { argumentHint, type OwnNames } from '../../core/errors/near_name';
import type { Warn, Warning } from '../../core/errors/warning';
import { unquoted } from '../../core/errors/wrong';
import { copied } from '../../core/input/copied';
import type { AdapterFields } from './adapter_config';
import { type Field, isObject, show } from './adapter_fields';

/** The part of a configuration class that differs between adapter kinds. */
export interface ConfigRules<F extends AdapterFields = AdapterFields> {
  /** The name of PEFT's configuration class. */
  readonly name: string;
  readonly peft_type: string;
  /** The name of the fine-tuning method in messages. */
  readonly method: string;
  /** All fields except `peft_type`, in the order in which messages list them; `peft_type` comes last there. */
  readonly fields: Readonly<Record<string, Field>>;
  /** The fields that Python writes as floats. */
  readonly floats: readonly string[];
  /** The fields in which the order of the entries matters. Files preserve this order. Default: none. */
  readonly ordered?: readonly string[];
  /** Names that other libraries use for these fields, for hints. */
  readonly names: OwnNames;
  /** Rejects values that PEFT rejects, values on which PEFT would crash later, and values that could not be loaded again. */
  check(config: F): void;
  /** Returns the warnings that PEFT gives when such a configuration is created or loaded. */
  warnings(config: F): readonly Warning[];
}

/** The members of an adapter kind that `peftTypeOf` and `withPeftType` read. */
export interface HasRules {
  readonly Config: { readonly rules: Pick<ConfigRules, 'name' | 'peft_type' | 'method'> };
}

/** The code of an error: `invalid_argument` for a mistake of the calling program, `invalid_format` for one in a file. */
type Fault = 'invalid_argument' | 'invalid_format';

/**
 * Returns all fields of a configuration, with defaults. Lists and objects are frozen copies, lists without repeated entries. Throws
 * `invalid_argument`, with PEFT's error message where PEFT rejects the same value.
 */
export function completeFields(rules: ConfigRules, init: object): Readonly<Record<string, unknown>> {
  const fields = allFields(rules);
  for (const name of Object.keys(init)) {
    if (Object.hasOwn(fields, name)) continue;
    const message = `${rules.name}.__init__() got an unexpected keyword argument '${name}'`;
    throw new WebVeraError('invalid_argument', message, { hint: argumentHint(name, Object.keys(fields), rules.names) });
  }
  checkTypes(rules, init, 'invalid_argument');
  const given: Readonly<Record<string, unknown>> = { ...init };
  return Object.fromEntries(
    Object.entries(fields).map(([name, { fallback }]) => [name, ownCopy(given[name] ?? fallback)]),
  );
}

/** Returns a parsed `adapter_config.json`'s fields for the configuration's constructor, without unknown ones. Throws `invalid_format`. */
export function fieldsOfFile(rules: ConfigRules, json: unknown, warn: Warn): Readonly<Record<string, unknown>> {
  const kinds = [{ Config: { rules } }];
  withPeftType(kinds, peftTypeOf(json, kinds), 'invalid_format');
  const object = json as Readonly<Record<string, unknown>>;
  const fields = allFields(rules);
  const names = Object.keys(object);
  if (names.includes('runtime_config')) warn({ code: 'ignored_config', message: RUNTIME_CONFIG_IGNORED });
  const unknown = names.filter((name) => !Object.hasOwn(fields, name) && !KNOWN_ELSEWHERE.includes(name)).sort();
  if (unknown.length > 0) warn({ code: 'ignored_config', message: unexpectedArguments(rules.name, unknown) });
  const init = Object.fromEntries(Object.entries(object).filter(([name]) => Object.hasOwn(fields, name)));
  checkTypes(rules, init, 'invalid_format');
  return init;
}

/** Returns the `peft_type` of a parsed `adapter_config.json`. Throws `invalid_format` if there is none. */
export function peftTypeOf(json: unknown, kinds: readonly HasRules[]): unknown {
  if (!isObject(json)) {
    throw new WebVeraError('invalid_format', `adapter_config.json: expected an object, got ${show(json)}`);
  }
  if (Object.hasOwn(json, 'peft_type')) return json.peft_type;
  throw new WebVeraError('invalid_format', "'peft_type'", {
    hint: `adapter_config.json: expected a field peft_type of value ${typesOf(kinds)}, got none.`,
  });
}

/** Returns the adapter kind with this `peft_type`. Throws an error with the code `code` if there is none, as for other PEFT methods. */
export function withPeftType<K extends HasRules>(kinds: readonly K[], peft_type: unknown, code: Fault): K {
  const kind = kinds.find(({ Config }) => Config.rules.peft_type === peft_type);
  if (kind !== undefined) return kind;
  const rules = kinds.map(({ Config }) => Config.rules);
  const methods = rules.map(({ method }) => method).join(' and ');
  const hint =
    code === 'invalid_format'
      ? `adapter_config.json describes an adapter of another method. Only those of ${methods} can be loaded, whose peft_type is ${typesOf(kinds)}.`
      : `A ${rules.map(({ name }) => name).join(' or ')} is for ${methods}, and of no other method. Leave peft_type out.`;
  const supported = rules.map((kind) => kind.peft_type);
  const detail = { peft_type: typeof peft_type === 'string' ? peft_type.slice(0, 80) : null, supported };
  throw new WebVeraError(code, `peft_type: expected ${typesOf(kinds)}, got ${show(peft_type)}`, { hint, detail });
}

function typesOf(kinds: readonly HasRules[]): string {
  return kinds.map(({ Config }) => `"${Config.rules.peft_type}"`).join(' or ');
}

function allFields({ fields, peft_type }: ConfigRules): Readonly<Record<string, Field>> {
  const accepts = (value: unknown): boolean => value === peft_type || value === null;
  return { ...fields, peft_type: { fallback: peft_type, expected: `"${peft_type}"`, accepts } };
}

function checkTypes(rules: ConfigRules, init: object, code: Fault): void {
  const fields = allFields(rules);
  for (const [name, value] of Object.entries(init)) {
    const field = fields[name];
    if (field === undefined || value === undefined) continue;
    if ((value === null && field.fallback === null) || field.accepts(value)) continue;
    if (name === 'peft_type') withPeftType([{ Config: { rules } }], value, code);
    const hint = unquoted(value, field.accepts) ?? '';
    throw new WebVeraError(code, `${name}: expected ${field.expected}, got ${show(value)}`, { hint });
  }
}

/** Returns a frozen copy, so that later changes to the caller's value don't affect the configuration. Lists lose repeated entries. */
function ownCopy(value: unknown): unknown {
  if (Array.isArray(value)) return Object.freeze([...new Set<unknown>(value)]);
  return isObject(value) ? Object.freeze({ ...copied(value) }) : value;
}

/** Keys in PEFT's files that aren't fields of a configuration here. Like PEFT, webvera doesn't report them as unexpected arguments. */
const KNOWN_ELSEWHERE = ['peft_version', 'runtime_config'];

const RUNTIME_CONFIG_IGNORED =
  'The configuration file contains a `runtime_config` key. This is ignored. Runtime configurations are only valid at ' +
  'runtime.';

function unexpectedArguments(name: string, unknown: readonly string[]): string {
  return (
    `Unexpected keyword arguments [${unknown.map((field) => `'${field}'`).join(', ')}] for class ${name}, these are ` +
    "ignored. This probably means that you're loading a configuration file that was saved using a higher version of " +
    'the library and additional parameters have been introduced since. It is highly recommended to upgrade the PEFT ' +
    'version before continuing (e.g. by running `pip install -U peft`).'
  );
}
