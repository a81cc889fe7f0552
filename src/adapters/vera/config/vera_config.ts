import { warnOnConsole } from '../../../core/errors/warning';
import { fieldsOfFile } from '../../config/config_rules';
import { KindConfig, tellConfigMethods } from '../../config/kind_config';
import type { VeraConfigInit } from './vera_config_init';
import { VERA_RULES } from './vera_rules';

export type { VeraConfigInit } from './vera_config_init';

/** The content of `adapter_config.json` for VeRA. */
export type AdapterConfigJson = Readonly<Record<string, unknown>> & { readonly peft_type: 'VERA' };

export interface VeraConfig extends Readonly<Required<VeraConfigInit>> {
  /** PEFT's name for the method. */
  readonly peft_type: 'VERA';
}

/**
 * PEFT's configuration of a VeRA adapter. It is immutable. `structuredClone` copies its fields, and `new VeraConfig(clone)` makes an equal
 * configuration.
 */
// biome-ignore lint/suspicious/noUnsafeDeclarationMerging: the constructor assigns every field of the interface
export class VeraConfig extends KindConfig {
  /** @internal The class name in messages, which minifiers leave unchanged. */
  static override readonly name = 'VeraConfig';

  /** @internal */
  static readonly rules = VERA_RULES;

  /** @internal Adds PEFT's static methods, which throw an error with a hint. It is a field for the reason given at `KindConfig.foreign`. */
  static readonly foreignOfClass = /* @__PURE__ */ tellConfigMethods(VeraConfig);

  /** Throws `invalid_argument`, with PEFT's message where PEFT rejects the same value. */
  constructor(init: VeraConfigInit = {}) {
    super(VERA_RULES, init);
  }

  /**
   * Reads a parsed `adapter_config.json` that any PEFT version since 0.11 has written. `peft_type` must be 'VERA'. Missing keys get their
   * defaults. Unknown keys are ignored, with a warning to `warn`, which by default writes to the console.
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
   * Returns the content of `adapter_config.json` as PEFT saves it: all keys, sorted, with `inference_mode` true. `peft_version` is left
   * out, because PEFT up to 0.13 rejects files that contain it. `use_dora`, which PEFT doesn't know, is included only if it is true.
   */
  override to_json(): AdapterConfigJson {
    const { use_dora, ...json } = super.to_json();
    return (use_dora === true ? { ...json, use_dora } : json) as AdapterConfigJson;
  }
}
