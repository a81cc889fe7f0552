import { WebVeraError } from '../../core/errors/error';
import { defineForeignMethods } from '../../core/errors/foreign_members';
import { suggestion } from '../../core/errors/near_name';
import { type Warning, warnOnConsole } from '../../core/errors/warning';
import { wrong } from '../../core/errors/wrong';
import type { TaskType } from '../adapter_config';
import { checkTypes, checkValues, FIELDS, isObject, otherMethod, show } from './config_fields';
import type { VeraConfigInit } from './config_init';

export { LARGEST_VALUE } from '../largest_value';
export type { VeraConfigInit } from './config_init';
export type { TaskType };

/** What an `adapter_config.json` holds. */
export type AdapterConfigJson = Readonly<Record<string, unknown>> & { readonly peft_type: 'VERA' };

export interface VeraConfig extends Readonly<Required<VeraConfigInit>> {
  /** The method of PEFT's that it is for. */
  readonly peft_type: 'VERA';
}

type Fields = Readonly<Required<VeraConfigInit>>;

/**
 * PEFT's configuration of a VeRA adapter. Immutable; its fields survive `structuredClone`, and
 * `new VeraConfig(clone)` is the same configuration again.
 */
// biome-ignore lint/suspicious/noUnsafeDeclarationMerging: the constructor assigns every field of the interface
export class VeraConfig {
  static {
    defineForeignMethods(VeraConfig, {
      from_pretrained: 'await PeftConfig.from_pretrained(source) reads the configuration of a saved adapter.',
      from_json_file: 'VeraConfig.from_json(json) takes what the file holds, parsed.',
    });
    defineForeignMethods(VeraConfig.prototype, {
      to_dict: 'to_json() gives what adapter_config.json holds, { ...config } its fields as they are.',
      save_pretrained: 'save_pretrained() of a model with the adapter gives both of its files.',
      push_to_hub: 'save_pretrained() of a model with the adapter gives both of its files.',
    });
  }

  /** @internal Its name in messages, which minifiers leave. */
  static readonly name = 'VeraConfig';

  /** Throws `invalid_argument`, with PEFT's text where PEFT refuses the same value. */
  constructor(init: VeraConfigInit = {}) {
    if (!isObject(init)) throw wrong('VeraConfig', 'an object', init);
    for (const name of Object.keys(init)) {
      if (Object.hasOwn(FIELDS, name)) continue;
      throw new WebVeraError('invalid_argument', `VeraConfig.__init__() got an unexpected keyword argument '${name}'`, {
        hint: `${suggestion(name, Object.keys(FIELDS))} The arguments are ${Object.keys(FIELDS).join(', ')}.`.trimStart(),
      });
    }
    checkTypes(init, 'invalid_argument');
    const given: Readonly<Record<string, unknown>> = { ...init };
    Object.assign(
      this,
      Object.fromEntries(Object.entries(FIELDS).map(([name, field]) => [name, own(given[name] ?? field.fallback)])),
    );
    checkValues(this);
    Object.freeze(this);
  }

  /**
   * Reads a parsed `adapter_config.json`, written by any PEFT since 0.11. `peft_type` must be 'VERA'; absent keys take
   * their defaults; unknown ones are left out, with a warning to `warn`, the console unless
   * given.
   *
   * Throws `invalid_format` for what is no such file, `invalid_argument` for values that no adapter can have.
   */
  static from_json(
    json: unknown,
    {
      warn = warnOnConsole,
    }: { readonly warn?: (warning: { readonly code: string; readonly message: string }) => void } = {},
  ): VeraConfig {
    const object = asObject(json);
    if (!Object.hasOwn(object, 'peft_type')) {
      throw new WebVeraError('invalid_format', "'peft_type'", {
        hint: 'adapter_config.json: expected a field peft_type of value "VERA", got none.',
      });
    }
    if (object.peft_type !== 'VERA') throw otherMethod('invalid_format', object.peft_type);
    const names = Object.keys(object);
    if (names.includes('runtime_config')) warn({ code: 'ignored_config', message: RUNTIME_CONFIG_IGNORED });
    const unknown = names.filter((name) => !Object.hasOwn(FIELDS, name) && !KNOWN_ELSEWHERE.includes(name)).sort();
    if (unknown.length > 0) warn({ code: 'ignored_config', message: unexpectedArguments(unknown) });
    const init = Object.fromEntries(Object.entries(object).filter(([name]) => Object.hasOwn(FIELDS, name)));
    checkTypes(init, 'invalid_format');
    return new VeraConfig(init);
  }

  /**
   * The content of `adapter_config.json` as PEFT saves it: all keys, sorted, `inference_mode` true. Without
   * `peft_version`, which PEFT up to 0.13 refuses to read.
   */
  to_json(): AdapterConfigJson {
    const targets = this.target_modules;
    const json: Record<string, unknown> = {
      ...(this as Fields),
      inference_mode: true,
      target_modules: targets === null || typeof targets === 'string' ? targets : [...targets].sort(),
    };
    return Object.fromEntries(
      Object.keys(json)
        .sort()
        .map((name) => [name, json[name]]),
    ) as unknown as AdapterConfigJson;
  }
}

/** PEFT's warnings about such a configuration, whenever one is made or loaded. */
export function configWarnings(config: VeraConfig): readonly Warning[] {
  return config.save_projection ? [] : [{ code: 'projection_not_saved', message: PROJECTION_NOT_SAVED }];
}

/** A frozen copy, without repeated entries: later changes of the caller's list don't affect the configuration. */
function own(value: unknown): unknown {
  if (Array.isArray(value)) return Object.freeze([...new Set<unknown>(value)]);
  return isObject(value) ? Object.freeze(structuredClone(value)) : value;
}

function asObject(json: unknown): Readonly<Record<string, unknown>> {
  if (isObject(json)) return json as Readonly<Record<string, unknown>>;
  throw new WebVeraError('invalid_format', `adapter_config.json: expected an object, got ${show(json)}`);
}

/** Keys in files that PEFT accepts silently, although they aren't fields here. */
const KNOWN_ELSEWHERE = ['peft_version', 'runtime_config'];

const PROJECTION_NOT_SAVED =
  'Specified to not save vera_A and vera_B within the state dictionary, instead they will be restored using the PRNG ' +
  'key store in `config.projection_prng_key`. Consider setting `config.save_projection` to `True` to guarantee ' +
  'restoring the checkpoint correctly on all system configurations.';

const RUNTIME_CONFIG_IGNORED =
  'The configuration file contains a `runtime_config` key. This is ignored. Runtime configurations are only valid at ' +
  'runtime.';

function unexpectedArguments(names: readonly string[]): string {
  return (
    `Unexpected keyword arguments [${names.map((name) => `'${name}'`).join(', ')}] for class VeraConfig, these are ` +
    "ignored. This probably means that you're loading a configuration file that was saved using a higher version of " +
    'the library and additional parameters have been introduced since. It is highly recommended to upgrade the PEFT ' +
    'version before continuing (e.g. by running `pip install -U peft`).'
  );
}
