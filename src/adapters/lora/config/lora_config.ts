import { warnOnConsole } from '../../../core/errors/warning';
import { fieldsOfFile } from '../../config/config_rules';
import { KindConfig, tellConfigMethods } from '../../config/kind_config';
import type { LoraConfigInit } from './lora_config_init';
import { LORA_RULES } from './lora_rules';
import { UNBUILT, WRITTEN } from './unbuilt';

export type { LoraConfigInit } from './lora_config_init';

/** The content of a LoRA's `adapter_config.json`. */
export type LoraConfigJson = Readonly<Record<string, unknown>> & { readonly peft_type: 'LORA' };

export interface LoraConfig extends Readonly<Required<LoraConfigInit>> {
  /** PEFT's name of the method. */
  readonly peft_type: 'LORA';
}

/**
 * PEFT's configuration of a LoRA adapter. Immutable; its fields survive `structuredClone`, and `new LoraConfig(clone)` is the same
 * configuration again. Fields whose methods webvera lacks, such as loftq_config, accept only their defaults.
 */
// biome-ignore lint/suspicious/noUnsafeDeclarationMerging: the constructor assigns every field of the interface
export class LoraConfig extends KindConfig {
  /** @internal The class's name in messages, which minifiers don't change. */
  static override readonly name = 'LoraConfig';

  /** @internal */
  static readonly rules = LORA_RULES;

  /** @internal A field instead of a static block, for the reason given at `KindConfig.foreign`. */
  static readonly foreignOfClass = /* @__PURE__ */ tellConfigMethods(LoraConfig);

  /** Throws `invalid_argument`, with PEFT's text where PEFT refuses the same value. */
  constructor(init: LoraConfigInit = {}) {
    super(LORA_RULES, init);
  }

  /**
   * Reads a parsed `adapter_config.json`, written by any PEFT. `peft_type` must be 'LORA'. Absent keys take their defaults. Unknown keys
   * are left out, with a warning to `warn`; by default the console shows it.
   *
   * Throws `invalid_format` for any other content and for fields whose methods webvera lacks, and `invalid_argument` for values that no
   * adapter can have.
   */
  static from_json(
    json: unknown,
    {
      warn = warnOnConsole,
    }: { readonly warn?: (warning: { readonly code: string; readonly message: string }) => void } = {},
  ): LoraConfig {
    return new LoraConfig(fieldsOfFile(LORA_RULES, json, warn));
  }

  /**
   * The content of `adapter_config.json` as PEFT saves it: sorted keys, `inference_mode` true. PEFT up to 0.13 refuses to read fields that
   * it doesn't know. So `peft_version` is left out, and so are fields that PEFT added in 0.12 or later, if they have their defaults.
   */
  override to_json(): LoraConfigJson {
    const isWritten = ([name, value]: readonly [string, unknown]): boolean => {
      if (name === 'exclude_modules') return value !== null;
      if (name === 'lora_bias') return value !== false;
      return WRITTEN.includes(name) || !Object.hasOwn(UNBUILT, name);
    };
    return Object.fromEntries(Object.entries(super.to_json()).filter(isWritten)) as LoraConfigJson;
  }
}
