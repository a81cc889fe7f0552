import { warnOnConsole } from '../../../core/errors/warning';
import { fieldsOfFile } from '../../config/config_rules';
import { KindConfig, tellConfigMethods } from '../../config/kind_config';
import type { IA3ConfigInit } from './ia3_config_init';
import { IA3_RULES } from './ia3_rules';

export type { IA3ConfigInit } from './ia3_config_init';

export interface IA3Config extends Readonly<Required<IA3ConfigInit>> {
  /** PEFT's name for the method. */
  readonly peft_type: 'IA3';
}

/**
 * PEFT's configuration of an (IA)³ adapter. It is immutable. `structuredClone` copies its fields, and `new IA3Config(clone)` makes an equal
 * configuration.
 */
// biome-ignore lint/suspicious/noUnsafeDeclarationMerging: the constructor assigns every field of the interface
export class IA3Config extends KindConfig {
  /** @internal The class name in messages, which minifiers leave unchanged. */
  static override readonly name = 'IA3Config';

  /** @internal */
  static readonly rules = IA3_RULES;

  /** @internal Adds PEFT's static methods, which throw an error with a hint. It is a field for the reason given at `KindConfig.foreign`. */
  static readonly foreignOfClass = /* @__PURE__ */ tellConfigMethods(IA3Config);

  /** Throws `invalid_argument`, with PEFT's message where PEFT rejects the same value. */
  constructor(init: IA3ConfigInit = {}) {
    super(IA3_RULES, init);
  }

  /**
   * Reads a parsed `adapter_config.json` that any PEFT version since 0.11 has written. `peft_type` must be 'IA3'. Missing keys get their
   * defaults. Unknown keys are ignored, with a warning to `warn`, which by default writes to the console.
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
   * Returns the content of `adapter_config.json` as PEFT saves it: all keys, sorted, with `inference_mode` true. `peft_version` is left
   * out, because PEFT up to 0.13 rejects files that contain it.
   */
  override to_json(): Readonly<Record<string, unknown>> & { readonly peft_type: 'IA3' } {
    const { feedforward_modules: names } = this;
    const sorted = Array.isArray(names) ? { feedforward_modules: [...names].sort() } : {};
    return { ...super.to_json(), ...sorted, peft_type: 'IA3' };
  }
}
