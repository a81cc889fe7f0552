import { warnOnConsole } from '../../../core/errors/warning';
import { fieldsOfFile } from '../../config/config_rules';
import { KindConfig, tellConfigMethods } from '../../config/kind_config';
import type { UniLoraConfigInit } from './unilora_config_init';
import { UNILORA_RULES } from './unilora_rules';

export type { UniLoraConfigInit } from './unilora_config_init';

export interface UniLoraConfig extends Readonly<Required<UniLoraConfigInit>> {
  /** PEFT's name for the method. */
  readonly peft_type: 'UNILORA';
}

/**
 * PEFT's configuration of a UniLoRA adapter. It is immutable. `structuredClone` copies its fields, and `new UniLoraConfig(clone)` makes an
 * equal configuration.
 */
// biome-ignore lint/suspicious/noUnsafeDeclarationMerging: the constructor assigns every field of the interface
export class UniLoraConfig extends KindConfig {
  /** @internal The class name in messages, which minifiers leave unchanged. */
  static override readonly name = 'UniLoraConfig';

  /** @internal */
  static readonly rules = UNILORA_RULES;

  /** @internal Adds PEFT's static methods, which throw an error with a hint. It is a field for the reason given at `KindConfig.foreign`. */
  static readonly foreignOfClass = /* @__PURE__ */ tellConfigMethods(UniLoraConfig);

  /** Throws `invalid_argument`, with PEFT's message where PEFT rejects the same value. */
  constructor(init: UniLoraConfigInit = {}) {
    super(UNILORA_RULES, init);
  }

  /**
   * Reads a parsed `adapter_config.json` that any PEFT version since 0.20 has written. `peft_type` must be 'UNILORA'. Missing keys get
   * their defaults. Unknown keys are ignored, with a warning to `warn`, which by default writes to the console.
   *
   * Throws `invalid_format` for any other content and if `save_indices` is true, and `invalid_argument` for values that no adapter can
   * have.
   */
  static from_json(
    json: unknown,
    {
      warn = warnOnConsole,
    }: { readonly warn?: (warning: { readonly code: string; readonly message: string }) => void } = {},
  ): UniLoraConfig {
    return new UniLoraConfig(fieldsOfFile(UNILORA_RULES, json, warn));
  }

  /**
   * Returns the content of `adapter_config.json` as PEFT saves it, without `peft_version`: all keys, sorted, with `inference_mode` true.
   */
  override to_json(): Readonly<Record<string, unknown>> & { readonly peft_type: 'UNILORA' } {
    return { ...super.to_json(), peft_type: 'UNILORA' };
  }
}
