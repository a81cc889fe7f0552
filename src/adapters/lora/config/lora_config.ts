import { warnOnConsole } from '../../../core/errors/warning';
import { fieldsOfFile } from '../../config/config_rules';
import { KindConfig, tellConfigMethods } from '../../config/kind_config';
import { effectiveFields } from './file_fields';
import type { LoraConfigInit } from './lora_config_init';
import { LORA_RULES } from './lora_rules';
import { UNBUILT, WRITTEN } from './unbuilt';

export type { LoraConfigInit } from './lora_config_init';

/** The content of `adapter_config.json` for LoRA. */
export type LoraConfigJson = Readonly<Record<string, unknown>> & { readonly peft_type: 'LORA' };

export interface LoraConfig extends Readonly<Required<LoraConfigInit>> {
  /** PEFT's name for the method. */
  readonly peft_type: 'LORA';
}

/**
 * PEFT's configuration of a LoRA adapter. It is immutable. `structuredClone` copies its fields, and `new LoraConfig(clone)` makes an equal
 * configuration. Fields of methods that webvera doesn't implement, such as loftq_config, accept only their defaults.
 */
// biome-ignore lint/suspicious/noUnsafeDeclarationMerging: the constructor assigns every field of the interface
export class LoraConfig extends KindConfig {
  /** @internal The class name in messages, which minifiers leave unchanged. */
  static override readonly name = 'LoraConfig';

  /** @internal */
  static readonly rules = LORA_RULES;

  /** @internal Adds PEFT's static methods, which throw an error with a hint. It is a field for the reason given at `KindConfig.foreign`. */
  static readonly foreignOfClass = /* @__PURE__ */ tellConfigMethods(LoraConfig);

  /** Throws `invalid_argument`, with PEFT's message where PEFT rejects the same value. */
  constructor(init: LoraConfigInit = {}) {
    super(LORA_RULES, init);
  }

  /**
   * Reads a parsed `adapter_config.json` that any PEFT version has written. `peft_type` must be 'LORA'. Missing keys get their defaults.
   * Unknown keys are ignored, with a warning to `warn`, which by default writes to the console. The same applies to settings of an
   * initialisation, such as `eva_config`. An `init_lora_weights` of 'eva' or 'orthogonal' is read as true: the file contains A and B.
   *
   * Throws `invalid_format` for any other content and for fields of methods that webvera doesn't implement, and `invalid_argument` for
   * values that no adapter can have.
   */
  static from_json(
    json: unknown,
    {
      warn = warnOnConsole,
    }: { readonly warn?: (warning: { readonly code: string; readonly message: string }) => void } = {},
  ): LoraConfig {
    return new LoraConfig(fieldsOfFile(LORA_RULES, effectiveFields(json, warn), warn));
  }

  /**
   * Returns the content of `adapter_config.json` as PEFT saves it: keys sorted, with `inference_mode` true. PEFT up to 0.13 rejects files
   * with fields that it doesn't know. So `peft_version` is left out, and so are fields that PEFT added in 0.12 or later, if they have their
   * defaults.
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
