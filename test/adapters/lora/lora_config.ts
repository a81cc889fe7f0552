import type { AdapterConfig, AdapterFields } from '../../../src/adapters/config/adapter_config';
import {
  COMMON_FIELDS,
  checkCommonValues,
  flag,
  number,
  refused,
  TARGET_FIELDS,
} from '../../../src/adapters/config/adapter_fields';
import { type ConfigRules, fieldsOfFile } from '../../../src/adapters/config/config_rules';
import { KindConfig } from '../../../src/adapters/config/kind_config';
import type { Warn } from '../../../src/core/errors/warning';

interface LoraFields extends AdapterFields {
  readonly r: number;
  readonly lora_alpha: number;
  readonly lora_dropout: number;
  readonly init_lora_weights: boolean;
}

const LORA_RULES: ConfigRules<LoraFields> = {
  name: 'LoraConfig',
  peft_type: 'LORA',
  method: 'LoRA',
  fields: {
    r: number(8),
    ...TARGET_FIELDS,
    lora_alpha: number(8),
    lora_dropout: number(0),
    init_lora_weights: flag(true),
    ...COMMON_FIELDS,
  },
  floats: ['lora_dropout'],
  names: { aliases: {}, notNeeded: {} },
  check(config) {
    if (config.lora_alpha !== config.r) throw refused('lora_alpha: expected r', 'This fixture has no other scale.');
    checkCommonValues(config, 'lora_only');
  },
  warnings: () => [],
};

export interface LoraConfig extends LoraFields, AdapterConfig {}

/** As much of PEFT's `LoraConfig` as a test needs: lora_alpha is r. */
// biome-ignore lint/suspicious/noUnsafeDeclarationMerging: the constructor assigns every field of the interface
export class LoraConfig extends KindConfig {
  static readonly rules = LORA_RULES;

  constructor(init: Partial<LoraFields> = {}) {
    super(LORA_RULES, init);
  }

  static from_json(json: unknown, { warn = () => {} }: { readonly warn?: Warn } = {}): LoraConfig {
    return new LoraConfig(fieldsOfFile(LORA_RULES, json, warn));
  }
}
