import { warnOnConsole } from '../../../core/errors/warning';
import { fieldsOfFile } from '../../config/config_rules';
import { KindConfig, tellConfigMethods } from '../../config/kind_config';
import type { UniLoraConfigInit } from './unilora_config_init';
import { UNILORA_RULES } from './unilora_rules';

export type { UniLoraConfigInit } from './unilora_config_init';

export interface UniLoraConfig extends Readonly<Required<UniLoraConfigInit>> {
  /** PEFT's name of the method. */
  readonly peft_type: 'UNILORA';
}

/**
 * PEFT's configuration of a UniLoRA adapter. Immutable; its fields survive `structuredClone`, and
 * `new UniLoraConfig(clone)` is the same configuration again.
 */
// biome-ignore lint/suspicious/noUnsafeDeclarationMerging: the constructor assigns every field of the interface
export class UniLoraConfig extends KindConfig {
  /** @internal The class's name in messages, which minifiers don't change. */
  static override readonly name = 'UniLoraConfig';

  /** @internal */
  static readonly rules = UNILORA_RULES;

  /** @internal A field instead of a static block, for the reason given at `KindConfig.foreign`. */
  static readonly foreignOfClass = /* @__PURE__ */ tellConfigMethods(UniLoraConfig);

  /** Throws `invalid_argument`, with PEFT's text where PEFT refuses the same value. */
  constructor(init: UniLoraConfigInit = {}) {
    super(UNILORA_RULES, init);
  }

  /**
   * Reads a parsed `adapter_config.json`, written by PEFT since 0.20. `peft_type` must be 'UNILORA'. Absent keys take their defaults.
   * Unknown keys are left out, with a warning to `warn`; by default the console shows it.
   *
   * Throws `invalid_format` for any other content and for files with indices, and `invalid_argument` for values that no adapter can have.
   */
  static from_json(
    json: unknown,
    {
      warn = warnOnConsole,
    }: { readonly warn?: (warning: { readonly code: string; readonly message: string }) => void } = {},
  ): UniLoraConfig {
    return new UniLoraConfig(fieldsOfFile(UNILORA_RULES, json, warn));
  }

  /** The content of `adapter_config.json` as PEFT saves it: all keys, sorted, `inference_mode` true, without `peft_version`. */
  override to_json(): Readonly<Record<string, unknown>> & { readonly peft_type: 'UNILORA' } {
    return { ...super.to_json(), peft_type: 'UNILORA' };
  }
}
