import { warnOnConsole } from '../../../core/errors/warning';
import { fieldsOfFile } from '../../config/config_rules';
import { KindConfig, tellConfigMethods } from '../../config/kind_config';
import type { VeraConfigInit } from './vera_config_init';
import { VERA_RULES } from './vera_rules';

export type { VeraConfigInit } from './vera_config_init';

/** The content of an `adapter_config.json`. */
export type AdapterConfigJson = Readonly<Record<string, unknown>> & { readonly peft_type: 'VERA' };

export interface VeraConfig extends Readonly<Required<VeraConfigInit>> {
  /** PEFT's name of the method. */
  readonly peft_type: 'VERA';
}

/**
 * PEFT's configuration of a VeRA adapter. Immutable; its fields survive `structuredClone`, and
 * `new VeraConfig(clone)` is the same configuration again.
 */
// biome-ignore lint/suspicious/noUnsafeDeclarationMerging: the constructor assigns every field of the interface
export class VeraConfig extends KindConfig {
  /** @internal The class's name in messages, which minifiers don't change. */
  static override readonly name = 'VeraConfig';

  /** @internal */
  static readonly rules = VERA_RULES;

  /** @internal A field instead of a static block, for the reason given at `KindConfig.foreign`. */
  static readonly foreignOfClass = /* @__PURE__ */ tellConfigMethods(VeraConfig);

  /** Throws `invalid_argument`, with PEFT's text where PEFT refuses the same value. */
  constructor(init: VeraConfigInit = {}) {
    super(VERA_RULES, init);
  }

  /**
   * Reads a parsed `adapter_config.json`, written by any PEFT since 0.11. `peft_type` must be 'VERA'. Absent keys take their defaults.
   * Unknown keys are left out, with a warning to `warn`; by default the console shows it.
   *
   * Throws `invalid_format` for any other content, and `invalid_argument` for values that no adapter can have.
   */
  static from_json(
    json: unknown,
    {
      warn = warnOnConsole,
    }: { readonly warn?: (warning: { readonly code: string; readonly message: string }) => void } = {},
  ): VeraConfig {
    return new VeraConfig(fieldsOfFile(VERA_RULES, json, warn));
  }

  /**
   * The content of `adapter_config.json` as PEFT saves it: all keys, sorted, `inference_mode` true. Without
   * `peft_version`, which PEFT up to 0.13 refuses to read. `use_dora`, which PEFT doesn't know, is there only if it is true.
   */
  override to_json(): AdapterConfigJson {
    const { use_dora, ...json } = super.to_json();
    return (use_dora === true ? { ...json, use_dora } : json) as AdapterConfigJson;
  }
}
