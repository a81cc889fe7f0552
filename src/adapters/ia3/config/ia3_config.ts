import { warnOnConsole } from '../../../core/errors/warning';
import { fieldsOfFile } from '../../config/config_rules';
import { KindConfig, tellConfigMethods } from '../../config/kind_config';
import type { IA3ConfigInit } from './ia3_config_init';
import { IA3_RULES } from './ia3_rules';

export type { IA3ConfigInit } from './ia3_config_init';

export interface IA3Config extends Readonly<Required<IA3ConfigInit>> {
  /** PEFT's name of the method. */
  readonly peft_type: 'IA3';
}

/**
 * PEFT's configuration of an (IA)³ adapter. Immutable; its fields survive `structuredClone`, and
 * `new IA3Config(clone)` is the same configuration again.
 */
// biome-ignore lint/suspicious/noUnsafeDeclarationMerging: the constructor assigns every field of the interface
export class IA3Config extends KindConfig {
  /** @internal The class's name in messages, which minifiers don't change. */
  static override readonly name = 'IA3Config';

  /** @internal */
  static readonly rules = IA3_RULES;

  /** @internal A field instead of a static block, for the reason given at `KindConfig.foreign`. */
  static readonly foreignOfClass = /* @__PURE__ */ tellConfigMethods(IA3Config);

  /** Throws `invalid_argument`, with PEFT's text where PEFT refuses the same value. */
  constructor(init: IA3ConfigInit = {}) {
    super(IA3_RULES, init);
  }

  /**
   * Reads a parsed `adapter_config.json`, written by any PEFT since 0.11. `peft_type` must be 'IA3'. Absent keys take their defaults.
   * Unknown keys are left out, with a warning to `warn`; by default the console shows it.
   *
   * Throws `invalid_format` for any other content, and `invalid_argument` for values that no adapter can have.
   */
  static from_json(
    json: unknown,
    {
      warn = warnOnConsole,
    }: { readonly warn?: (warning: { readonly code: string; readonly message: string }) => void } = {},
  ): IA3Config {
    return new IA3Config(fieldsOfFile(IA3_RULES, json, warn));
  }

  /**
   * The content of `adapter_config.json` as PEFT saves it: all keys, sorted, `inference_mode` true. Without
   * `peft_version`, which PEFT up to 0.13 refuses to read.
   */
  override to_json(): Readonly<Record<string, unknown>> & { readonly peft_type: 'IA3' } {
    const { feedforward_modules: names } = this;
    const sorted = Array.isArray(names) ? { feedforward_modules: [...names].sort() } : {};
    return { ...super.to_json(), ...sorted, peft_type: 'IA3' };
  }
}
