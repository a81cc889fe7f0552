import { defineForeign, type ForeignMembers } from '../../core/errors/foreign_members';
import type { Warn } from '../../core/errors/warning';
import { wrong } from '../../core/errors/wrong';
import type { AdapterConfig } from './adapter_config';
import { isObject } from './adapter_fields';
import { type ConfigRules, completeFields } from './config_rules';

/** The configuration class of an adapter kind, with its static members. */
export interface ConfigClass<C extends AdapterConfig = AdapterConfig> {
  new (init?: object): C;
  readonly rules: ConfigRules<C>;
  /** Reads a parsed `adapter_config.json`. Throws `invalid_format`. */
  from_json(json: unknown, options?: { readonly warn?: Warn }): C;
}

const CONFIG_METHODS: ForeignMembers = {
  to_dict: 'to_json() gives what adapter_config.json holds, { ...config } its fields as they are.',
  save_pretrained: 'save_pretrained() of a model with the adapter gives both of its files.',
  push_to_hub: 'save_pretrained() of a model with the adapter gives both of its files.',
};

/**
 * The base class of the configurations of all adapter kinds. A configuration is immutable. `structuredClone` copies its fields, and a
 * configuration created from the clone equals the original.
 */
export abstract class KindConfig {
  /**
   * @internal Adds PEFT's methods, which throw an error with a hint. It is a field, because bundlers can't remove an unused class with a
   * static block.
   */
  static readonly foreign = /* @__PURE__ */ defineForeign(KindConfig.prototype, CONFIG_METHODS);

  /** @internal Throws `invalid_argument`, with PEFT's error message where PEFT rejects the same value. */
  constructor(rules: ConfigRules<never>, init: object) {
    if (!isObject(init)) throw wrong(rules.name, 'an object', init);
    Object.assign(this, completeFields(rules as ConfigRules, init));
    rules.check(this as never);
    Object.freeze(this);
  }

  /**
   * Returns the content of `adapter_config.json` as PEFT saves it: all keys, sorted, with `inference_mode` true. `peft_version` is left
   * out, because PEFT up to 0.13 rejects files that contain it.
   */
  to_json(): Readonly<Record<string, unknown>> {
    const json: Record<string, unknown> = { ...(this as object), inference_mode: true };
    // In PEFT these fields are Python sets, whose order differs between processes. Here their names are sorted.
    for (const name of ['target_modules', 'exclude_modules']) {
      const names = json[name];
      if (Array.isArray(names)) json[name] = [...names].sort();
    }
    return Object.fromEntries(Object.entries(json).sort(([a], [b]) => (a < b ? -1 : 1)));
  }
}

/** Defines the static methods that PEFT's class has and webvera's lacks. Calling one throws an error that names webvera's alternative. */
export function tellConfigMethods(config: { readonly name: string }): void {
  defineForeign(config, {
    from_pretrained: 'await PeftConfig.from_pretrained(source) reads the configuration of a saved adapter.',
    from_json_file: `${config.name}.from_json(json) takes what the file holds, parsed.`,
  });
}
